//! What the controller logs of requests and actions, and what is made of it.

mod aggregate;
mod distributions;
mod groups;
pub mod log;
mod row;
mod series;
pub mod tables;
mod tails;
mod window;

#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, Totals, Tried};
pub use distributions::{Distributions, Sides};
pub use groups::{Group, GroupPoint, GroupSeries, Groups};
pub use row::{ActionRow, RequestRow};
pub use series::{Point, Series};
pub use tails::Tails;
pub use window::Window;

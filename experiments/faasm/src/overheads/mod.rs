//! What an isolated no-op costs to start, to keep, and to start again and again.

mod churn;
mod costs;
mod cycles;
mod faaslets;
mod headroom;
mod memory;

pub use churn::{ChurnRate, Schedule, Served, churn};
pub use costs::{Capacity, Costs, Stopped};
pub use cycles::{Counter, Cycles};
pub use faaslets::{Kind, Sizes, measure};
pub use headroom::Headroom;
pub use memory::{Memory, Reading};

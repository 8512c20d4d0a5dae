//! What is kept of rows as they come, in memory that does not grow with them.

mod bucket;
mod grouped;
mod model_set;
mod online;
mod spread;
mod totals;

pub use online::Aggregate;
pub use totals::{Totals, Tried};

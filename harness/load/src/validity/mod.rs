//! Whether the numbers of a load may be used: what disturbed it, and how much.

mod conditions;
mod disturbance;
mod judge;
mod thresholds;

pub use conditions::{Conditions, ProcessorTime, Sources};
pub use disturbance::{Disturbance, Finding, Severity};
pub use judge::{judge, judge_floor};
pub use thresholds::{Limits, Thresholds};

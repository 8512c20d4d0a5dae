//! What is recorded of requests: in memory that does not grow with their number.

mod collector;
mod recorded;
mod recorder;
mod tally;

pub use collector::Collector;
pub(crate) use recorded::empty;
pub use recorded::{DIGITS, Recorded, TOP};
pub use recorder::{Recorder, Slices};
pub use tally::{OTHER_LABEL, Sample, Tally, Waits, WarmUp};

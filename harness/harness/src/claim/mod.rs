//! The claims of a paper, and the verdict on each.

mod judge;
mod paper;

pub use judge::{Evidence, Judged, Ran, Tally, Verdict, judge};
pub use paper::{Claim, Kind, Needs, Paper, Published};

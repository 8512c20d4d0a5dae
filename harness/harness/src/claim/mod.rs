//! The claims of a paper, and the verdict on each.

mod judge;
mod paper;
mod verdict;

pub use judge::{Judged, Ran, judge};
pub use paper::{Claim, Kind, Needs, Paper, Published};
pub use verdict::{Evidence, Tally, Verdict};

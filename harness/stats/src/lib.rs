//! Quantiles, intervals, bootstrap, comparisons: pure arithmetic without I/O.
//!
//! Every function is a pure function of its arguments: no clock, no file, and
//! no random choice that does not come from a seed in the arguments. All
//! intervals assume independent samples; what repeats within a trial is not,
//! so intervals across trials belong on one value per trial.

pub mod bootstrap;
pub mod compare;
pub mod estimate;
pub mod interval;
pub mod quantile;
pub mod sample;
pub mod summary;
pub mod verdict;

mod pivot;
mod special;

pub use bootstrap::{Bootstrap, Ratio};
pub use compare::shifted;
pub use estimate::{Estimate, Method};
pub use interval::Interval;
pub use quantile::{OrderedSample, Quantile, Ranks};
pub use sample::SampleError;
pub use summary::Summary;
pub use verdict::{Placement, Tolerance, ToleranceError, place, trials_to_decide};

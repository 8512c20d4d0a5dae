//! The figures of one kind of times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Recorded;

/// How a quantile is made, as reports name it.
pub const RANK: &str =
    "nearest rank of all requests (rank ceil(q n)), upper edge of its HDR bucket of 3 digits";

/// The figures of one kind of times, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    /// How many times there are.
    pub n: u64,
    /// The mean, exactly.
    pub mean_us: f64,
    /// The median.
    pub p50_us: f64,
    /// The 90th percentile.
    pub p90_us: f64,
    /// The 95th percentile.
    pub p95_us: f64,
    /// The 99th percentile.
    pub p99_us: f64,
    /// The 99.9th percentile.
    pub p999_us: f64,
    /// The largest, exactly.
    pub max_us: f64,
    /// How many lie above the histogram's top of an hour; quantiles take them
    /// for an hour, the mean and the largest for what they are.
    pub n_above_top: u64,
}

impl Quantiles {
    /// The figures of what was recorded; none without a time.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let at = |level| recorded.quantile(level).map(us);
        Some(Self {
            n: recorded.n(),
            mean_us: us(recorded.mean()?),
            p50_us: at(0.5)?,
            p90_us: at(0.9)?,
            p95_us: at(0.95)?,
            p99_us: at(0.99)?,
            p999_us: at(0.999)?,
            max_us: us(recorded.max()),
            n_above_top: recorded.n_above_top(),
        })
    }
}

/// Microseconds, with the nanoseconds behind the point.
pub(super) fn us(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e3
}

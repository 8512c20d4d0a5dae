//! The series over time that figures are drawn of: the original's `timeseries_data.tsv`.

use serde::{Deserialize, Serialize};

/// A run, bucket by bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Series {
    /// One for each bucket, those without rows included.
    pub points: Vec<Point>,
}

/// What happened in one bucket; 0 stands for what nothing happened to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Point {
    /// When it begins, in minutes.
    pub t_min: f64,
    /// Requests that were answered, in whatever way, per second.
    pub throughput: f64,
    /// Requests that succeeded in time, per second.
    pub goodput: f64,
    /// The median latency of all requests.
    pub latency_median_ms: f64,
    /// Its 99 % quantile.
    pub latency_p99_ms: f64,
    /// Its maximum.
    pub latency_max_ms: f64,
    /// The size of the batch that a request is executed in, on average over requests.
    pub batch_size_mean: f64,
    /// Models that had a cold start.
    pub cold_models: u64,
    /// Requests that succeeded after a cold start, per second.
    pub cold_starts: f64,
}

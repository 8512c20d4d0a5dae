//! The knobs of both experiments, their points and what a trial records.

use anyhow::ensure;
use harness::one_or_many;
use load::report::{Floor, Quantiles};
use serde::{Deserialize, Serialize};

use crate::support::deployment::{Mode, Replicas};

/// The section `[tf-lat]` or `[tf-tpt]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How functions are isolated and reached.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) mode: Vec<Mode>,
    /// Every so many calls of a container, or of a Faaslet, one starts cold
    /// (the original's COLD_START_INTERVAL).
    pub(crate) cold_start_interval: Intervals,
    /// How long a native cold start lasts on average (COLD_START_DELAY_MS).
    pub(crate) cold_start_delay_ms: u64,
    /// Containers or runtimes; 0 stands for one per connection.
    pub(crate) replicas: Replicas,
    /// Connections of the client, each of which waits for its answers.
    pub(crate) connections: u32,
    /// The longest that a connection waits before a request; uniform from 0
    /// (the original's BENCH_DELAY_MS).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) think_ms: Vec<u64>,
    /// What comes first and is recorded apart, in seconds.
    pub(crate) warm_up_s: u64,
    /// What is measured after it, in seconds.
    pub(crate) duration_s: u64,
    /// How long an answer may take, in seconds (wrk's --timeout=5s).
    pub(crate) timeout_s: u64,
    /// `generated`, or the path of a MobileNet v1 as a .tflite or .onnx file.
    pub(crate) model: String,
}

/// The intervals of each isolation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Intervals {
    /// Of containers.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) native: Vec<u32>,
    /// Of Faaslets.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) wasm: Vec<u32>,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// See [`Mode`].
    pub(crate) mode: Mode,
    /// See [`Params::cold_start_interval`].
    pub(crate) interval: u32,
    /// See [`Params::think_ms`].
    pub(crate) think_ms: u64,
}

/// What one trial measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Successes per second.
    pub(crate) throughput_per_s: f64,
    /// Latencies of all successes.
    pub(crate) latency: Quantiles,
    /// What the generator measured before, where there was nothing to measure.
    #[serde(default)]
    pub(crate) floor: Option<Floor>,
    /// Latencies of those that started cold.
    pub(crate) cold: Option<Quantiles>,
    /// The percentiles 1 to 99 of all latencies, in microseconds.
    pub(crate) percentiles_us: Vec<f64>,
    /// Bytes the function instances sent and received meanwhile.
    pub(crate) network_bytes: u64,
    /// Peak memory of the function instances, summed.
    pub(crate) memory_peak_bytes: u64,
}

impl Params {
    /// Every isolation with each of its intervals and every wait, the longest
    /// wait, and so the smallest load, first.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        ensure!(self.connections > 0, "`connections` must be at least 1");
        ensure!(self.duration_s > 0, "`duration-s` must be at least 1");
        let mut points = Vec::new();
        for mode in self.mode.iter().copied() {
            for interval in self.cold_start_interval.of(mode).iter().copied() {
                ensure!(interval > 0, "`cold-start-interval` must be at least 1");
                let with_think = |think_ms: &u64| Point { mode, interval, think_ms: *think_ms };
                points.extend(self.think_ms.iter().map(with_think));
            }
        }
        Ok(points)
    }
}

impl Intervals {
    fn of(&self, mode: Mode) -> &[u32] {
        match mode {
            Mode::Native => &self.native,
            Mode::Wasm | Mode::WasmBm => &self.wasm,
        }
    }
}

impl Point {
    /// The share of calls that start cold, in percent.
    pub(crate) fn cold_percent(&self) -> f64 {
        100.0 / f64::from(self.interval)
    }
}

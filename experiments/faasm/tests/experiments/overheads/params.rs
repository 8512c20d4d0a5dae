//! The knobs of the experiment and its points.

use std::time::Duration;

use harness::one_or_many;
use serde::{Deserialize, Serialize};

/// The section `[overheads]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// What is started.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) mode: Vec<Mode>,
    /// Starts that are timed one by one (paper: 10, 100, 2000).
    pub(crate) starts: Each<u64>,
    /// Instances at once, at most.
    pub(crate) capacity_max: Each<u64>,
    /// Rates of starts (paper: up to 4, 1333 and 40,000 per second).
    pub(crate) churn_per_s: Each<Vec<f64>>,
    /// How long each rate is kept up; at least for one start.
    pub(crate) churn_s: f64,
}

/// What is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// What the testbed starts for the role `function`.
    Instance,
    /// A Faaslet that initialises itself.
    Faaslet,
    /// A Faaslet restored from its Proto-Faaslet.
    ProtoFaaslet,
}

/// A value for each mode.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Each<T> {
    instance: T,
    faaslet: T,
    proto_faaslet: T,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// See [`Mode`].
    pub(crate) mode: Mode,
}

/// A rough time of a start, for the plan.
const INSTANCE_STARTS_IN_S: f64 = 0.2;
const FAASLET_STARTS_IN_S: f64 = 0.000_5;

/// The slope of memory needs this many timed starts of Faaslets.
const STARTS_MIN: u64 = 10;

impl<T> Each<T> {
    /// The value for a mode.
    pub(crate) fn of(&self, mode: Mode) -> &T {
        match mode {
            Mode::Instance => &self.instance,
            Mode::Faaslet => &self.faaslet,
            Mode::ProtoFaaslet => &self.proto_faaslet,
        }
    }
}

impl Params {
    /// One point for each mode.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        anyhow::ensure!(
            self.churn_s > 0.0 && self.churn_s.is_finite(),
            "`churn-s` = {} must be a positive number of seconds",
            self.churn_s
        );
        self.mode.iter().map(|mode| self.check(*mode).map(|()| Point { mode: *mode })).collect()
    }

    fn check(&self, mode: Mode) -> anyhow::Result<()> {
        let (starts, starts_min) =
            (*self.starts.of(mode), if mode == Mode::Instance { 1 } else { STARTS_MIN });
        anyhow::ensure!(starts >= starts_min, "`starts` = {starts} must be at least {starts_min}");
        let capacity_max = *self.capacity_max.of(mode);
        anyhow::ensure!(
            capacity_max >= starts,
            "`capacity-max` = {capacity_max} must not be below `starts` = {starts}, which all stay"
        );
        for rate in self.churn_per_s.of(mode) {
            anyhow::ensure!(
                *rate > 0.0 && rate.is_finite(),
                "`churn-per-s` has {rate}, and must have positive rates"
            );
        }
        Ok(())
    }

    /// The starts, each rate's length, and a few seconds for the rest.
    pub(crate) fn expected(&self, point: &Point) -> Duration {
        let start_s = match point.mode {
            Mode::Instance => INSTANCE_STARTS_IN_S,
            Mode::Faaslet | Mode::ProtoFaaslet => FAASLET_STARTS_IN_S,
        };
        let rates = self.churn_per_s.of(point.mode).iter();
        let churn_s: f64 = rates.map(|rate| self.churn_s.max(rate.recip())).sum();
        let starts_s = *self.capacity_max.of(point.mode) as f64 * start_s;
        Duration::from_secs_f64(2.0 + starts_s + churn_s)
    }
}

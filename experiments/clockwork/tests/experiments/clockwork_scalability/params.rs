//! The knobs of the experiment and its points.

use std::time::Duration;

use anyhow::ensure;
use clockwork::{scheduler::Settings, time::MILLISECOND, workload::AzureSettings};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use crate::support::{
    span::Span,
    system::{Run, Setup},
    trace::Day,
};

/// The section `[clockwork-scalability]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How the system runs.
    pub(crate) run: Run,
    /// Workers of one GPU (paper: 10 to 150).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) workers: Vec<u32>,
    /// The first load, the one that none exceeds, and what each is multiplied with
    /// (`azure_scalability_exp`: 0.1, 4, 1.5).
    pub(crate) load_factor_min: f64,
    pub(crate) load_factor_max: f64,
    pub(crate) load_factor_inc: f64,
    /// How long each load lasts (paper: 1 minute).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) period: SignedDuration,
    /// See `azure`'s parameter of this name (paper: 4).
    pub(crate) memory_load_factor: u8,
    /// How far ahead actions are sent, in milliseconds (paper: 5).
    pub(crate) schedule_ahead_ms: u64,
    /// The trace: `generated`, `azure2019` once it is prepared, or a day file's path.
    pub(crate) data: String,
    /// Functions of a generated day (published: about 46,400).
    pub(crate) functions: usize,
    /// Their invocations per second (published: about 10,000).
    pub(crate) rate: f64,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// Workers.
    pub(crate) workers: u32,
}

impl Params {
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        ensure!(
            self.period.is_positive() && self.period.subsec_nanos() == 0,
            "`period` must be whole seconds, and at least one"
        );
        ensure!(
            0.0 < self.load_factor_min && self.load_factor_min <= self.load_factor_max,
            "`load-factor-min` must be above 0 and at most `load-factor-max`"
        );
        ensure!(self.load_factor_inc > 1.0, "`load-factor-inc` must be above 1");
        ensure!(self.workers.iter().min() > Some(&0), "there must be at least one worker");
        let memory_load_factor = self.memory_load_factor;
        AzureSettings { memory_load_factor, ..AzureSettings::ORIGINAL }.check()?;
        Ok(self.workers.iter().map(|workers| Point { workers: *workers }).collect())
    }

    /// One bucket for each load.
    pub(crate) fn span(&self) -> Span {
        let duration = self.period * i32::try_from(self.loads().len()).unwrap_or(i32::MAX);
        Span { lead_in: SignedDuration::ZERO, duration, bucket: self.period }
    }

    pub(crate) fn day(&self) -> Day<'_> {
        Day { data: &self.data, number: 1, functions: self.functions, rate: self.rate }
    }

    /// At the generated day's rate.
    pub(crate) fn expected(&self, point: &Point) -> Duration {
        let settings = AzureSettings { num_workers: point.workers, ..AzureSettings::ORIGINAL };
        let loads = self.loads();
        let mean_load = loads.iter().sum::<f64>() / loads.len() as f64;
        self.span().expected(self.run, self.rate * settings.scale() * mean_load)
    }

    /// The system.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let setup = Setup::of(self.run, point.workers);
        let schedule_ahead = self.schedule_ahead_ms * MILLISECOND;
        let settings = Settings { schedule_ahead, ..setup.settings };
        Setup { settings, ..setup }
    }

    /// The words that the client is given, as the original's.
    pub(crate) fn workload(&self, point: &Point) -> Vec<String> {
        [
            "azure_scalability_exp".to_owned(),
            point.workers.to_string(),
            self.load_factor_min.to_string(),
            self.load_factor_max.to_string(),
            self.load_factor_inc.to_string(),
            self.period.as_secs().to_string(),
            self.memory_load_factor.to_string(),
        ]
        .into()
    }

    /// The loads, one after the other.
    fn loads(&self) -> Vec<f64> {
        let next = |load: &f64| Some(load * self.load_factor_inc);
        let loads = std::iter::successors(Some(self.load_factor_min), next);
        loads.take_while(|load| *load <= self.load_factor_max).collect()
    }
}

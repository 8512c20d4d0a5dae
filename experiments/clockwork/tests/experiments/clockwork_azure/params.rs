//! The knobs of the experiment and its points.

use std::time::Duration;

use anyhow::ensure;
use clockwork::workload::{AzureSettings, Load};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use crate::support::{
    span::Span,
    system::{Run, Setup},
    trace::Day,
};

/// The section `[clockwork-azure]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How the system runs.
    pub(crate) run: Run,
    /// Workers (paper: 6).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) workers: Vec<u32>,
    /// GPUs of each worker (paper: 1).
    pub(crate) gpus_per_worker: u32,
    /// The workload's parameters, by the names that the original's client has for them.
    pub(crate) num_workers: u32,
    pub(crate) load_factor: f64,
    pub(crate) memory_load_factor: u8,
    pub(crate) trace: u8,
    /// What no figure shows, at the beginning (`--leadin`; paper: 10 minutes).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) lead_in: SignedDuration,
    /// The load after that (`--duration`; paper: 8 hours).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) duration: SignedDuration,
    /// One point of the figures over time (`--bucketsize`; paper: 1 minute).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) bucket: SignedDuration,
    /// Which values the controller has: the documented ones or the code's.
    pub(crate) original_defaults: bool,
    /// What is kept of the controller's logs.
    pub(crate) telemetry: Telemetry,
    /// The trace: `generated`, `azure2019` once it is prepared, or a day file's path.
    pub(crate) data: String,
    /// Functions of a generated day (published: about 46,400).
    pub(crate) functions: usize,
    /// Their invocations per second (published: about 10,000).
    pub(crate) rate: f64,
}

/// What is kept of the controller's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Telemetry {
    /// Time series and tails.
    Aggregated,
    /// Also every row.
    Full,
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
        self.span().check()?;
        let n_gpus = self.workers.iter().map(|workers| workers * self.gpus_per_worker);
        ensure!(n_gpus.min() > Some(0), "there must be at least one GPU");
        ensure!((1..=14).contains(&self.trace), "`trace` must be a day of the trace, 1 to 14");
        self.settings().check()?;
        Ok(self.workers.iter().map(|workers| Point { workers: *workers }).collect())
    }

    pub(crate) fn span(&self) -> Span {
        Span { lead_in: self.lead_in, duration: self.duration, bucket: self.bucket }
    }

    pub(crate) fn day(&self) -> Day<'_> {
        Day { data: &self.data, number: self.trace, functions: self.functions, rate: self.rate }
    }

    /// The generated day's mean rate at this load.
    pub(crate) fn expected(&self) -> Duration {
        let rate = self.rate * self.load_factor * self.settings().scale();
        self.span().expected(self.run, rate)
    }

    fn settings(&self) -> AzureSettings {
        let Params { num_workers, memory_load_factor, load_factor, .. } = *self;
        let load = Load::Fixed(load_factor);
        AzureSettings { num_workers, memory_load_factor, load, ..AzureSettings::ORIGINAL }
    }

    /// The system.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let setup = Setup {
            gpus_per_worker: self.gpus_per_worker,
            keeps_rows: self.telemetry == Telemetry::Full,
            ..Setup::of(self.run, point.workers)
        };
        setup.with_original_defaults(self.original_defaults)
    }

    /// The words that the client is given, as the original's.
    pub(crate) fn workload(&self) -> Vec<String> {
        let all_models = 1;
        let interval_s = 60;
        [
            "azure".to_owned(),
            self.num_workers.to_string(),
            all_models.to_string(),
            self.load_factor.to_string(),
            self.memory_load_factor.to_string(),
            interval_s.to_string(),
            self.trace.to_string(),
        ]
        .into()
    }
}

//! The knobs of the experiment and its points.

use std::time::Duration;

use anyhow::ensure;
use clockwork::{
    scheduler::{Policy, Settings},
    time::MILLISECOND,
};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use crate::support::{
    span::Span,
    system::{Run, Setup},
};

/// The section `[clockwork-comparison]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How the system runs.
    pub(crate) run: Run,
    /// Who decides.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) scheduler: Vec<Policy>,
    /// The objectives (paper: 10, 25, 50, 100, 250, 500 ms).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) slo_ms: Vec<u64>,
    /// Copies of resnet50_v2 (`comparison_experiment2`: 15).
    pub(crate) models: u32,
    /// Clients of each (16).
    pub(crate) concurrency: u32,
    /// Workers of one GPU.
    pub(crate) workers: u32,
    /// What no figure shows, at the beginning (paper: 19 of 30 minutes; the last is
    /// left out too).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) lead_in: SignedDuration,
    /// The load after that (paper: 10 minutes).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) duration: SignedDuration,
    /// What rates are means over.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) bucket: SignedDuration,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// Who decides.
    pub(crate) scheduler: Policy,
    /// The objective of all requests.
    pub(crate) slo_ms: u64,
}

impl Params {
    /// Every scheduler with every objective.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        self.span().check()?;
        for (key, count) in
            [("models", self.models), ("concurrency", self.concurrency), ("workers", self.workers)]
        {
            ensure!(count > 0, "`{key}` must be at least 1");
        }
        ensure!(!self.slo_ms.contains(&0), "an objective of 0 ms cannot be met");
        let with_slos = |scheduler: Policy| {
            self.slo_ms.iter().map(move |slo_ms| Point { scheduler, slo_ms: *slo_ms })
        };
        Ok(self.scheduler.iter().copied().flat_map(with_slos).collect())
    }

    pub(crate) fn span(&self) -> Span {
        Span { lead_in: self.lead_in, duration: self.duration, bucket: self.bucket }
    }

    /// A V100 executes about 900 requests a second in batches of 16.
    pub(crate) fn expected(&self) -> Duration {
        self.span().expected(self.run, 900.0 * f64::from(self.workers))
    }

    /// The system.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let setup = Setup::of(self.run, self.workers);
        let default_slo = point.slo_ms * MILLISECOND;
        let settings = Settings { default_slo, ..setup.settings };
        Setup { scheduler: point.scheduler, settings, ..setup }
    }

    /// The words that the client is given, as the original's.
    pub(crate) fn workload(&self) -> Vec<String> {
        ["comparison_experiment2".into(), self.models.to_string(), self.concurrency.to_string()]
            .into()
    }
}

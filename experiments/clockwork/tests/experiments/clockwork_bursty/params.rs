//! The knobs of the experiment and its only point.

use std::time::Duration;

use anyhow::ensure;
use clockwork::{time::SECOND, workload::BURSTY_LEAD_IN};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use crate::support::{
    span::Span,
    system::{Run, Setup},
};

/// Requests per second to the minor and the major models.
const RATE: f64 = 1200.0;

/// The section `[clockwork-bursty]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How the system runs.
    pub(crate) run: Run,
    /// Workers of one GPU (paper: 1).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) workers: Vec<u32>,
    /// Pages of 16 MiB for weights on a GPU (paper: 1376; resnet50_v2 has 7).
    pub(crate) pages_per_gpu: u32,
    /// Major models (`bursty_experiment`: 3600).
    pub(crate) models: u32,
    /// What no figure shows: the time in which only the minor model is asked. It is the
    /// workload's own, 5 minutes (paper: 15).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) lead_in: SignedDuration,
    /// The load after that (paper: 1 hour).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) duration: SignedDuration,
    /// One point of the figures over time (paper: 10 s).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) bucket: SignedDuration,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// Workers.
    pub(crate) workers: u32,
    /// Pages of 16 MiB for weights on each GPU.
    pub(crate) pages: u32,
}

impl Params {
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        self.span().check()?;
        ensure!(
            self.lead_in.as_nanos() == i128::from(BURSTY_LEAD_IN),
            "`lead-in` must be {} s: the workload's other models come then",
            BURSTY_LEAD_IN / SECOND
        );
        ensure!(self.workers.iter().min() > Some(&0), "there must be at least one worker");
        ensure!(self.models > 0, "`models` must be at least 1");
        ensure!(
            self.duration.as_secs() <= i64::from(self.models),
            "`duration` must not be longer than a second for each of `models`: then the \
             workload begins again"
        );
        let pages = self.pages_per_gpu;
        Ok(self.workers.iter().map(|workers| Point { workers: *workers, pages }).collect())
    }

    pub(crate) fn span(&self) -> Span {
        Span { lead_in: self.lead_in, duration: self.duration, bucket: self.bucket }
    }

    pub(crate) fn expected(&self) -> Duration {
        self.span().expected(self.run, RATE)
    }

    /// The system.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let groups = format!("majors=0..{0},minor={0}", self.models);
        let setup = Setup::of(self.run, point.workers);
        Setup { pages_per_gpu: point.pages, groups: Some(groups), ..setup }
    }

    /// The words that the client is given, as the original's.
    pub(crate) fn workload(&self) -> Vec<String> {
        ["bursty_experiment".to_owned(), self.models.to_string()].into()
    }
}

//! The knobs of the experiment and its points.

use std::time::Duration;

use anyhow::ensure;
use clockwork::{
    scheduler::Settings,
    time::{MILLISECOND, MINUTE, Nanos},
    workload::BACKGROUND_DELAY,
};
use harness::one_or_many;
use jiff::{SignedDuration, fmt::serde::duration::friendly};
use serde::{Deserialize, Serialize};

use super::objectives::Objectives;
use crate::support::{
    span::Span,
    system::{Run, Setup},
};

/// The variety of all models.
const VARIETY: &str = "resnet50_v2";

/// The objective of requests that name none: the background's, which has as good as none.
const DEFAULT_SLO: Nanos = 24 * 60 * MINUTE;

/// Requests that a GPU executes in a second, in full batches.
const GPU_RATE: f64 = 900.0;

/// The section `[clockwork-slo]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How the system runs.
    pub(crate) run: Run,
    /// Workers of one GPU (paper: 6).
    pub(crate) workers: u32,
    /// How far ahead actions are sent, in milliseconds (paper: 5).
    pub(crate) schedule_ahead_ms: u64,
    /// Fig. 7: copies that are asked alone (12, 48), and requests per second to all of
    /// them together (600, 1200, 2400).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) copies: Vec<u32>,
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) rate: Vec<u32>,
    /// Fig. 8: copies that are asked beside others (6), requests per second to all of
    /// them together (200), and those others.
    pub(crate) foreground_copies: u32,
    pub(crate) foreground_rate: u32,
    pub(crate) background: Vec<Background>,
    /// The first objective, the one that none exceeds, and what each is multiplied with
    /// (1, 100, 1.5).
    pub(crate) slo_start: f64,
    pub(crate) slo_end: f64,
    pub(crate) slo_factor: f64,
    /// How long each objective holds (paper: 30 s).
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) period: SignedDuration,
    /// How much of that is left out at its beginning: requests are still answered that had
    /// the objective before. What is left should be at least 4 s, as in the original's
    /// evaluation. The others of Fig. 8 begin after 10 s, as in the original: objectives
    /// that are looked at before are left out of it.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) settle: SignedDuration,
    /// What is recorded; `period` and `settle` are multiples of it.
    #[serde(serialize_with = "friendly::compact::required")]
    pub(crate) bucket: SignedDuration,
}

/// Others in closed loops (paper: none, 12 copies of 16 requests, 48 of 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Background {
    /// Copies.
    pub(crate) copies: u32,
    /// Requests that each has under way.
    pub(crate) concurrency: u32,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Point {
    /// Which figure it is of.
    pub(crate) figure: Drawn,
    /// Copies with objectives.
    pub(crate) copies: u32,
    /// Requests per second to all of them together.
    pub(crate) rate: u32,
    /// Copies without.
    pub(crate) background_copies: u32,
    /// Requests that each of these has under way.
    pub(crate) background_concurrency: u32,
}

/// Which figure a point is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Drawn {
    /// Alone, Fig. 7.
    Fig7,
    /// Beside others, Fig. 8.
    Fig8,
}

impl Point {
    /// When all are there that it is about.
    pub(super) fn complete_from(&self) -> SignedDuration {
        let is_beside = self.background_copies > 0;
        let delay_ns = if is_beside { BACKGROUND_DELAY } else { 0 };
        SignedDuration::from_nanos(i64::try_from(delay_ns).unwrap_or(i64::MAX))
    }
}

impl Params {
    /// Every rate for every number of copies, then every background.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        self.span().check()?;
        self.objectives().check()?;
        let copies = self.copies.iter().chain([&self.workers, &self.foreground_copies]);
        ensure!(copies.min() > Some(&0), "there must be at least one worker and one copy");
        ensure!(
            self.background.iter().all(|others| others.copies == 0 || others.concurrency > 0),
            "a background of copies needs a `concurrency` of at least 1"
        );
        let alone = |copies| {
            let (figure, background_copies, background_concurrency) = (Drawn::Fig7, 0, 0);
            let rates = self.rate.iter();
            rates.map(move |rate| Point {
                figure,
                copies,
                rate: *rate,
                background_copies,
                background_concurrency,
            })
        };
        let beside = |others: &Background| Point {
            figure: Drawn::Fig8,
            copies: self.foreground_copies,
            rate: self.foreground_rate,
            background_copies: others.copies,
            background_concurrency: others.concurrency,
        };
        let fig7 = self.copies.iter().copied().flat_map(alone);
        Ok(fig7.chain(self.background.iter().map(beside)).collect())
    }

    pub(crate) fn objectives(&self) -> Objectives {
        let Params { slo_start, slo_end, slo_factor, period, settle, bucket, .. } = *self;
        Objectives { slo_start, slo_end, slo_factor, period, settle, bucket }
    }

    /// All objectives, one after the other.
    pub(crate) fn span(&self) -> Span {
        let n_steps = i32::try_from(self.objectives().factors().len()).unwrap_or(i32::MAX);
        let duration = self.period * n_steps;
        Span { lead_in: SignedDuration::ZERO, duration, bucket: self.bucket }
    }

    pub(crate) fn expected(&self, point: &Point) -> Duration {
        let background = if point.background_copies > 0 { f64::from(self.workers) } else { 0.0 };
        self.span().expected(self.run, f64::from(point.rate) + GPU_RATE * background)
    }

    /// The system.
    pub(crate) fn setup(&self, point: &Point) -> Setup {
        let setup = Setup::of(self.run, self.workers);
        let schedule_ahead = self.schedule_ahead_ms * MILLISECOND;
        let settings = Settings { schedule_ahead, default_slo: DEFAULT_SLO, ..setup.settings };
        let groups = format!("{}=0..{}", super::analysis::FOREGROUND, point.copies);
        Setup { settings, groups: Some(groups), ..setup }
    }

    /// The words that the client is given, as the original's.
    pub(crate) fn workload(&self, point: &Point) -> Vec<String> {
        let name = match point.figure {
            Drawn::Fig7 => "slo-exp-1",
            Drawn::Fig8 => "slo-exp-2",
        };
        let mut words = [name, VARIETY].map(str::to_owned).to_vec();
        words.extend([point.copies.to_string(), "poisson".into(), point.rate.to_string()]);
        words.extend([self.slo_start, self.slo_end, self.slo_factor].map(|slo| slo.to_string()));
        words.extend(["mul".into(), self.period.as_secs().to_string()]);
        if point.figure == Drawn::Fig8 {
            let default_slo = 0;
            words.extend(
                [point.background_copies, point.background_concurrency, default_slo]
                    .map(|word| word.to_string()),
            );
        }
        words
    }
}

//! Rows in, series, tails and totals out, and series of groups if there are any.

use super::{bucket::Bucket, grouped::Grouped, spread::Spread, totals::Totals};
use crate::{
    message::{ActionKind, ActionStatus},
    telemetry::{
        ActionRow, Distributions, GroupSeries, Groups, RequestRow, Series, Sides, Tails, Window,
        tails,
    },
    time::Nanos,
};

/// What is kept of the rows of a run. Rows may come in any order; the memory grows
/// with the buckets of the window, by some 100 kB for each, not with the rows.
#[derive(Debug, Clone)]
pub struct Aggregate {
    window: Window,
    include_failed: bool,
    buckets: Vec<Bucket>,
    spreads: Distributions<Spread<u64>>,
    totals: Totals,
    groups: Vec<Grouped>,
}

impl Aggregate {
    /// One without rows. The errors of actions that failed, which took 0 time and
    /// were complete at 0, are left out.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            window,
            include_failed: false,
            buckets: Vec::new(),
            spreads: Distributions::default(),
            totals: Totals::default(),
            groups: Vec::new(),
        }
    }

    /// Keeps series of these groups of models too, from now on.
    pub fn group_by(&mut self, groups: &Groups) {
        self.groups = groups.iter().cloned().map(Grouped::new).collect();
    }

    /// Counts failed actions among the errors, as if they had been far shorter than
    /// expected. The original does; so its own figures can be compared.
    #[must_use]
    pub fn including_failed(self) -> Self {
        Self { include_failed: true, ..self }
    }

    /// Takes in a request.
    pub fn request(&mut self, row: &RequestRow) {
        self.groups.iter_mut().for_each(|group| group.request(&self.window, row));
        let Some(bucket) = self.bucket(row.t) else { return };
        bucket.request(row);
        self.totals.request(row);
        self.spreads.latency.record(row.latency);
        if row.arrival_count == 0 {
            self.spreads.cold_latency.record(row.latency);
        } else {
            self.spreads.hot_latency.record(row.latency);
        }
    }

    /// Takes in an action.
    pub fn action(&mut self, row: &ActionRow) {
        self.groups.iter_mut().for_each(|group| group.action(&self.window, row));
        let Some(bucket) = self.bucket(row.t) else { return };
        bucket.action(row);
        self.totals.action(row);
        if row.status != ActionStatus::Success && !self.include_failed {
            return;
        }
        let spreads = &mut self.spreads;
        let (prediction, completion) = match row.kind {
            ActionKind::Load => (&mut spreads.load_prediction, &mut spreads.load_completion),
            ActionKind::Infer { .. } => {
                (&mut spreads.infer_prediction, &mut spreads.infer_completion)
            }
            ActionKind::Evict => return,
        };
        record(prediction, row.worker_exec_duration, row.expected_exec_duration);
        record(completion, row.worker_exec_complete, row.expected_exec_complete);
    }

    /// Takes in what another saw of the same window.
    ///
    /// # Panics
    /// If the other's window, groups or treatment of failed actions are others.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.window, other.window, "only the same window adds up");
        assert_eq!(self.include_failed, other.include_failed, "only like errors add up");
        let n_buckets = self.buckets.len().max(other.buckets.len());
        self.buckets.resize_with(n_buckets, Bucket::default);
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            bucket.add(more);
        }
        for (spread, more) in self.spreads.pairs(&other.spreads) {
            spread.add(more);
        }
        self.totals.add(&other.totals);
        assert_eq!(self.groups.len(), other.groups.len(), "only the same groups add up");
        self.groups.iter_mut().zip(&other.groups).for_each(|(group, more)| group.add(more));
    }

    /// The counts over the whole window.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The series, up to the last bucket that has a row. If the window has no end, its
    /// last point's rates are too low, as the run ended within that bucket.
    #[must_use]
    pub fn series(&self) -> Series {
        let points = self.buckets.iter().enumerate();
        Series { points: points.map(|(index, b)| b.point(&self.window, index)).collect() }
    }

    /// The series of each group.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupSeries> {
        self.groups.iter().map(|group| group.series(&self.window)).collect()
    }

    /// The tails.
    #[must_use]
    pub fn tails(&self) -> Tails {
        let (levels, y) = tails::levels(self.totals.actions().max(self.totals.requests));
        Tails { y, ms: self.spreads.map(|spread| tails::to_ms(&spread.quantiles(&levels))) }
    }

    fn bucket(&mut self, t: Nanos) -> Option<&mut Bucket> {
        let index = self.window.bucket_of(t)?;
        if index >= self.buckets.len() {
            self.buckets.resize_with(index + 1, Bucket::default);
        }
        self.buckets.get_mut(index)
    }
}

fn record(sides: &mut Sides<Spread<u64>>, actual: Nanos, expected: Nanos) {
    if actual >= expected {
        sides.longer.record(actual - expected);
    }
    if actual <= expected {
        sides.shorter.record(expected - actual);
    }
}

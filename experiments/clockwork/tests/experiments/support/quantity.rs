//! What a trial is asked for: a cell of the table, and a measure.

use clockwork::{roles::Observed, telemetry::Tails};
use harness::{
    analysis::{Basis, Cell, Measure},
    estimate::mean,
    stats::Estimate,
};

/// The objective of requests that name none, in milliseconds.
pub(crate) const DEFAULT_OBJECTIVE_MS: f64 = 100.0;

/// A quantity of one trial.
pub(crate) struct Quantity {
    /// The head of its column.
    pub(crate) head: &'static str,
    /// The measure's name.
    pub(crate) name: &'static str,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// What it rests on in a live run.
    pub(crate) live: Basis,
    /// Nothing where the trial has nothing to say of it.
    pub(crate) of: fn(&Observed) -> Option<f64>,
}

impl Quantity {
    /// Its value in each trial that has one.
    pub(crate) fn samples(&self, runs: &[&Observed]) -> Vec<f64> {
        runs.iter().filter_map(|run| (self.of)(run)).collect()
    }

    /// Its mean, as a cell.
    pub(crate) fn cell(&self, runs: &[&Observed]) -> anyhow::Result<Cell> {
        let samples = self.samples(runs);
        Ok(if samples.is_empty() {
            Cell::Text("none".into())
        } else {
            Cell::Measured(mean(&samples)?)
        })
    }

    /// Its mean, as a measure; nothing if no trial has it.
    pub(crate) fn measure(&self, runs: &[&Observed]) -> anyhow::Result<Option<Measure>> {
        let samples = self.samples(runs);
        if samples.is_empty() {
            return Ok(None);
        }
        Ok(Some(measure(mean(&samples)?, self.unit, self.live, runs.iter().copied())))
    }
}

/// A measure of runs: what is simulated comes out alike on every machine, what is live
/// depends on it.
pub(crate) fn measure<'a>(
    estimate: Estimate,
    unit: &str,
    live: Basis,
    runs: impl IntoIterator<Item = &'a Observed>,
) -> Measure {
    let is_live = runs.into_iter().any(|run| run.sent.is_some());
    let basis = if is_live { live } else { Basis::Counted };
    Measure { estimate, unit: unit.into(), basis }
}

/// Answers per second that came in time.
pub(crate) const GOODPUT: Quantity = Quantity {
    head: "Goodput [1/s]",
    name: "goodput-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| Some(run.totals.within_objective as f64 / run.measured_s),
};

/// Requests per second.
pub(crate) const RATE: Quantity = Quantity {
    head: "Rate [1/s]",
    name: "rate-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| Some(run.totals.requests as f64 / run.measured_s),
};

/// The share of requests that were answered in time.
pub(crate) const WITHIN_SLO: Quantity = Quantity {
    head: "Within SLO",
    name: "within-slo",
    unit: "1",
    live: Basis::InTime,
    of: |run| share(run.totals.within_objective, run.totals.requests),
};

/// The longest latency of a trial, with the default objective as its unit.
pub(crate) const LONGEST: Quantity = Quantity {
    head: "Longest / SLO",
    name: "max-latency-over-slo",
    unit: "1",
    live: Basis::Timed,
    of: |run| {
        let longest = run.series.points.iter().map(|point| point.latency_max_ms);
        let longest_ms = longest.reduce(f64::max).filter(|_| run.totals.requests > 0);
        longest_ms.map(|longest_ms| longest_ms / DEFAULT_OBJECTIVE_MS)
    },
};

/// Half of the requests take longer.
pub(crate) const MEDIAN: Quantity = Quantity {
    head: "Median [ms]",
    name: "median-latency-ms",
    unit: "ms",
    live: Basis::Timed,
    of: |run| quantile(&run.tails, &run.tails.ms.latency, 0.5),
};

/// The size of the batch that a request is executed in, over the buckets in which any
/// is.
pub(crate) const BATCH_SIZE: Quantity = Quantity {
    head: "Batch",
    name: "batch-size",
    unit: "1",
    live: Basis::Timed,
    of: |run| {
        let sizes = run.series.points.iter().map(|point| point.batch_size_mean);
        let sizes: Vec<_> = sizes.filter(|size| *size > 0.0).collect();
        (!sizes.is_empty()).then(|| sizes.iter().sum::<f64>() / sizes.len() as f64)
    },
};

/// Requests per second that succeeded though their model was on no GPU.
pub(crate) const COLD_STARTS: Quantity = Quantity {
    head: "Cold [1/s]",
    name: "cold-starts-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| Some(run.totals.cold_starts as f64 / run.measured_s),
};

/// The share of all requests whose model was on no GPU that were answered in time.
pub(crate) const COLD_WITHIN_SLO: Quantity = Quantity {
    head: "Cold within SLO",
    name: "cold-starts-within-slo",
    unit: "1",
    live: Basis::InTime,
    of: |run| share(run.totals.cold_within_objective, run.totals.cold_requests),
};

/// How fast the simulation was. No measure: it says nothing of the system.
pub(crate) const SPEED: Quantity = Quantity {
    head: "Simulated requests per second",
    name: "simulated-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| run.sent.is_none().then(|| run.outcome.n_requests as f64 / run.wall_s),
};

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The quantile of a tail, interpolated between its levels; nothing if it is empty or
/// ends before.
pub(crate) fn quantile(tails: &Tails, of: &[f64], level: f64) -> Option<f64> {
    let level_at = |index: usize| 1.0 - 10f64.powf(-tails.y[index]);
    let above = (0..tails.y.len()).find(|index| level_at(*index) >= level)?;
    let below = above.saturating_sub(1);
    let (low, high) = (*of.get(below)?, *of.get(above)?);
    let step = level_at(above) - level_at(below);
    let part = if step > 0.0 { (level - level_at(below)) / step } else { 0.0 };
    Some(low + part * (high - low))
}

//! The quantities of Table 3, as trials have them.

use faasm::overheads::{Costs, Stopped};
use harness::{
    Measured,
    analysis::{Basis, Cell},
    estimate::{mean, ratio},
    stats::Estimate,
};

use super::params::Point;

/// The trials of one mode.
pub(super) type Trials<'a> = [&'a Measured<Point, Costs>];

/// A quantity of one trial, if it was measured.
pub(super) struct Quantity {
    /// What its ratios are called, before `-ratio`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) basis: Basis,
    of: fn(&Costs) -> Option<f64>,
}

/// The columns of the table that hold numbers, in the paper's order.
pub(super) const QUANTITIES: [Quantity; 5] = [
    Quantity {
        name: "init",
        title: "Initialisation",
        unit: "ms",
        basis: Basis::Timed,
        of: |costs| costs.init_median_us().ok().map(|median_us| median_us / 1e3),
    },
    Quantity {
        name: "cpu-time",
        title: "Processor time",
        unit: "ms",
        basis: Basis::Timed,
        of: |costs| Some(costs.cpu_us / 1e3).filter(|cpu_ms| *cpu_ms > 0.0),
    },
    Quantity {
        name: "cycles",
        title: "Cycles",
        unit: "1000",
        basis: Basis::Timed,
        of: |costs| costs.cycles.per_start().map(|cycles| cycles / 1e3),
    },
    Quantity {
        name: "memory",
        title: "Memory",
        unit: "kB",
        basis: Basis::Memory,
        of: |costs| costs.memory.per_instance_bytes().map(|bytes| bytes / 1e3),
    },
    Quantity {
        name: "rss",
        title: "RSS",
        unit: "kB",
        basis: Basis::Memory,
        of: |costs| costs.memory.rss_per_instance_bytes().map(|bytes| bytes / 1e3),
    },
];

impl Quantity {
    /// Its mean over the trials; none unless every trial has it.
    pub(super) fn mean(&self, trials: &Trials<'_>) -> anyhow::Result<Option<Estimate>> {
        Ok(self.samples(trials).map(|samples| mean(&samples)).transpose()?)
    }

    /// How many times more the first take than the second.
    pub(super) fn ratio(
        &self,
        above: &Trials<'_>,
        below: &Trials<'_>,
    ) -> anyhow::Result<Option<Estimate>> {
        let (Some(above), Some(below)) = (self.samples(above), self.samples(below)) else {
            return Ok(None);
        };
        if below.iter().sum::<f64>() <= 0.0 {
            return Ok(None);
        }
        Ok(Some(ratio(&above, &below)?))
    }

    fn samples(&self, trials: &Trials<'_>) -> Option<Vec<f64>> {
        trials.iter().map(|trial| (self.of)(&trial.record)).collect()
    }
}

/// A cell for what may not have been measured.
pub(super) fn cell(estimate: Option<Estimate>) -> Cell {
    estimate.map_or_else(|| Cell::Text("–".into()), Cell::Measured)
}

/// The fewest that any trial had at once, and why there were no more.
pub(super) fn capacity(trials: &Trials<'_>) -> String {
    let fewest = trials.iter().map(|trial| &trial.record.capacity).min_by_key(|it| it.reached);
    match fewest.map(|capacity| (capacity.reached, &capacity.stopped)) {
        None => String::new(),
        Some((reached, Stopped::Bound)) => format!("≥ {reached}"),
        Some((reached, Stopped::By(what))) => format!("{reached} ({what})"),
    }
}

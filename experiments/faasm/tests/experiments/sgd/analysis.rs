//! From records to Fig. 6's three panels, the table and the measures.

use std::collections::BTreeMap;

use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
    stats::{Estimate, SampleError},
};

use super::params::{Point, Record};
use crate::support::deployment::Mode;

/// A quantity of one trial, and how the paper draws it.
struct Quantity {
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    of: fn(&Point, &Record) -> f64,
}

const TRAINING: Quantity = Quantity {
    id: "fig6a-training-time",
    title: "Training time",
    unit: "s",
    of: |_, record| record.training_s,
};

const NETWORK: Quantity = Quantity {
    id: "fig6b-network",
    title: "Network transfer",
    unit: "MB",
    of: |_, record| record.network_bytes as f64 / 1e6,
};

/// Peak function memory times runtime times number of functions: the sum over
/// the function instances is the first and the last factor.
const BILLABLE: Quantity = Quantity {
    id: "fig6c-billable-memory",
    title: "Billable memory",
    unit: "GB-s",
    of: |_, record| record.memory_peak_bytes as f64 / 1e9 * record.training_s,
};

const MEMORY: Quantity = Quantity {
    id: "peak-memory",
    title: "Peak memory",
    unit: "MB",
    of: |_, record| record.memory_peak_bytes as f64 / 1e6,
};

const FINAL_LOSS: Quantity = Quantity {
    id: "final-loss",
    title: "Loss after the last epoch",
    unit: "",
    of: |_, record| record.losses.last().map_or(f64::NAN, |last| last.loss),
};

type Trials<'a> = BTreeMap<(Mode, u32), Vec<&'a Measured<Point, Record>>>;

pub(super) fn analyse(trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
    let mut by_point = Trials::new();
    for trial in trials {
        by_point.entry((trial.point.mode, trial.point.workers)).or_default().push(trial);
    }
    let mut figures = Vec::new();
    for quantity in [TRAINING, NETWORK, BILLABLE] {
        figures.push(figure(&quantity, &by_point)?);
    }
    figures.push(loss_figure(&by_point)?);
    Ok(Analysis { table: table(&by_point)?, figures, measures: measures(&by_point)? })
}

fn samples(quantity: &Quantity, trials: &[&Measured<Point, Record>]) -> Vec<f64> {
    trials.iter().map(|trial| (quantity.of)(&trial.point, &trial.record)).collect()
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let quantities = [TRAINING, NETWORK, MEMORY, BILLABLE, FINAL_LOSS];
    let head = |quantity: &Quantity| match quantity.unit {
        "" => quantity.title.to_owned(),
        unit => format!("{} [{unit}]", quantity.title),
    };
    let columns = ["Mode", "Workers", "Trials"].map(str::to_owned);
    let columns = columns.into_iter().chain(quantities.iter().map(head)).collect();
    let mut rows = Vec::new();
    for ((mode, workers), of_point) in trials {
        let mut row = vec![
            Cell::Text(mode.name().into()),
            Cell::Count(u64::from(*workers)),
            Cell::Count(of_point.len() as u64),
        ];
        for quantity in &quantities {
            row.push(Cell::Measured(mean(&samples(quantity, of_point))?));
        }
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

fn modes(trials: &Trials<'_>) -> Vec<Mode> {
    let mut modes: Vec<_> = trials.keys().map(|(mode, _)| *mode).collect();
    modes.dedup();
    modes
}

fn figure(quantity: &Quantity, trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for mode in modes(trials) {
        let mut points = Vec::new();
        for ((_, workers), of_point) in trials.iter().filter(|((of, _), _)| *of == mode) {
            let y = mean(&samples(quantity, of_point))?;
            points.push(SeriesPoint { x: f64::from(*workers), y });
        }
        series.push(Series { name: mode.name().into(), points });
    }
    Ok(Figure {
        id: quantity.id.into(),
        title: quantity.title.into(),
        x_label: "Parallel functions".into(),
        y_label: format!("{} [{}]", quantity.title, quantity.unit),
        axes: Axes::default(),
        series,
    })
}

/// Loss by epoch at the highest parallelism, one line a mode: that all modes
/// train the same model.
fn loss_figure(trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for mode in modes(trials) {
        let Some((_, of_point)) = trials.iter().rfind(|((of, _), _)| *of == mode) else { continue };
        let n_epochs = of_point.iter().map(|trial| trial.record.losses.len()).min().unwrap_or(0);
        let mut points = Vec::new();
        for epoch in 0..n_epochs {
            let losses: Vec<_> =
                of_point.iter().map(|trial| trial.record.losses[epoch].loss).collect();
            points.push(SeriesPoint { x: (epoch + 1) as f64, y: mean(&losses)? });
        }
        series.push(Series { name: mode.name().into(), points });
    }
    Ok(Figure {
        id: "loss-by-epoch".into(),
        title: "Hinge loss at the highest parallelism".into(),
        x_label: "Epoch".into(),
        y_label: "Loss".into(),
        axes: Axes::default(),
        series,
    })
}

/// A ratio between the modes at one parallelism: what the paper's claims say.
struct Comparison {
    name: &'static str,
    basis: Basis,
    quantity: Quantity,
    of: Mode,
    over: Mode,
}

const COMPARISONS: [Comparison; 5] = [
    Comparison {
        name: "time-ratio",
        basis: Basis::Timed,
        quantity: TRAINING,
        of: Mode::Native,
        over: Mode::Wasm,
    },
    Comparison {
        name: "network-ratio",
        basis: Basis::Counted,
        quantity: NETWORK,
        of: Mode::Wasm,
        over: Mode::Native,
    },
    Comparison {
        name: "memory-ratio",
        basis: Basis::Memory,
        quantity: MEMORY,
        of: Mode::Wasm,
        over: Mode::Native,
    },
    Comparison {
        name: "billable-ratio",
        basis: Basis::Timed,
        quantity: BILLABLE,
        of: Mode::Wasm,
        over: Mode::Native,
    },
    Comparison {
        name: "loss-ratio",
        // HOGWILD's loss depends on how the functions interleave.
        basis: Basis::Timed,
        quantity: FINAL_LOSS,
        of: Mode::Wasm,
        over: Mode::Native,
    },
];

fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    let mut keep = |name: String, basis: Basis, estimate: Estimate| {
        measures.insert(name, Measure { estimate, unit: "1".into(), basis });
    };
    for comparison in &COMPARISONS {
        let Comparison { name, basis, quantity, of, over } = comparison;
        let mut most = None;
        for ((mode, workers), numerator) in trials {
            let Some(denominator) = trials.get(&(*over, *workers)).filter(|_| mode == of) else {
                continue;
            };
            let Some(estimate) = compare(quantity, numerator, denominator)? else { continue };
            keep(format!("{name}@workers={workers}"), *basis, estimate);
            most = Some(estimate);
        }
        if let Some(estimate) = most {
            keep(format!("{name}@workers=most"), *basis, estimate);
        }
    }
    for mode in [Mode::Native, Mode::Wasm] {
        let name = mode.name();
        if let Some(estimate) = growth(&NETWORK, mode, trials)? {
            keep(format!("{name}-network-ratio@workers=most/fewest"), Basis::Counted, estimate);
        }
        if let (Some(many), Some(few)) = (trials.get(&(mode, 38)), trials.get(&(mode, 2)))
            && let Some(estimate) = compare(&TRAINING, many, few)?
        {
            keep(format!("{name}-time-ratio@workers=38/2"), Basis::Timed, estimate);
        }
    }
    Ok(measures)
}

/// How a quantity grows from the lowest parallelism to the highest.
fn growth(
    quantity: &Quantity,
    mode: Mode,
    trials: &Trials<'_>,
) -> anyhow::Result<Option<Estimate>> {
    let of_mode: Vec<_> =
        trials.iter().filter(|((of, _), _)| *of == mode).map(|(_, trials)| trials).collect();
    let [fewest, .., most] = of_mode[..] else { return Ok(None) };
    compare(quantity, most, fewest)
}

/// The ratio of a quantity between two points; none to a quantity of zero, as
/// the loss of a handful of separable documents is.
fn compare(
    quantity: &Quantity,
    numerator: &[&Measured<Point, Record>],
    denominator: &[&Measured<Point, Record>],
) -> anyhow::Result<Option<Estimate>> {
    match ratio(&samples(quantity, numerator), &samples(quantity, denominator)) {
        Err(SampleError::Denominator { .. }) => Ok(None),
        estimate => Ok(Some(estimate?)),
    }
}

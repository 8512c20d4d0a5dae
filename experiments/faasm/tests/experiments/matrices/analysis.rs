//! From records to Fig. 8's two panels, the table and the measures.

use std::collections::{BTreeMap, BTreeSet};

use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
};

use super::params::{Point, Record};
use crate::support::deployment::Mode;

/// A quantity of one trial, and how the paper draws it.
struct Quantity {
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    basis: Basis,
    of: fn(&Record) -> f64,
}

const DURATION: Quantity = Quantity {
    id: "fig8a-duration",
    title: "Duration",
    unit: "s",
    basis: Basis::Timed,
    of: |record| record.duration_s,
};

const NETWORK: Quantity = Quantity {
    id: "fig8b-network",
    title: "Network transfer",
    unit: "MB",
    basis: Basis::Counted,
    of: |record| record.network_bytes as f64 / 1e6,
};

const MEMORY: Quantity = Quantity {
    id: "peak-memory",
    title: "Peak memory",
    unit: "MB",
    basis: Basis::Memory,
    of: |record| record.memory_peak_bytes as f64 / 1e6,
};

const EXECUTIONS: Quantity = Quantity {
    id: "executions",
    title: "Executions",
    unit: "1",
    basis: Basis::Counted,
    of: |record| record.n_executed as f64,
};

type Trials<'a> = BTreeMap<(Mode, usize), Vec<&'a Measured<Point, Record>>>;

pub(super) fn analyse(trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
    let mut by_point = Trials::new();
    for trial in trials {
        by_point.entry((trial.point.mode, trial.point.size)).or_default().push(trial);
    }
    let figures = [DURATION, NETWORK].map(|quantity| figure(&quantity, &by_point));
    Ok(Analysis {
        table: table(&by_point)?,
        figures: figures.into_iter().collect::<anyhow::Result<_>>()?,
        measures: measures(&by_point)?,
    })
}

fn samples(quantity: &Quantity, trials: &[&Measured<Point, Record>]) -> Vec<f64> {
    trials.iter().map(|trial| (quantity.of)(&trial.record)).collect()
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let quantities = [DURATION, NETWORK, MEMORY];
    let heads = quantities.iter().map(|quantity| format!("{} [{}]", quantity.title, quantity.unit));
    let columns =
        ["Mode", "Size", "Trials", "Executions"].map(str::to_owned).into_iter().chain(heads);
    let columns = columns.chain(["Worst error of an entry".to_owned()]).collect();
    let mut rows = Vec::new();
    for ((mode, size), of_point) in trials {
        let mut row = vec![
            Cell::Text(mode.name().into()),
            Cell::Count(*size as u64),
            Cell::Count(of_point.len() as u64),
            Cell::Text(executions(of_point)),
        ];
        for quantity in &quantities {
            row.push(Cell::Measured(mean(&samples(quantity, of_point))?));
        }
        let errors = of_point.iter().map(|trial| trial.record.checked.worst_error);
        row.push(Cell::Text(format!("{:.1e}", errors.fold(0.0, f64::max))));
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

/// How many executions each multiplication took: one number, or all that occurred.
fn executions(trials: &[&Measured<Point, Record>]) -> String {
    let found: BTreeSet<_> = trials.iter().map(|trial| trial.record.n_executed).collect();
    found.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn figure(quantity: &Quantity, trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut modes: Vec<_> = trials.keys().map(|(mode, _)| *mode).collect();
    modes.dedup();
    let mut series = Vec::new();
    for mode in modes {
        let mut points = Vec::new();
        for ((_, size), of_point) in trials.iter().filter(|((of, _), _)| *of == mode) {
            let y = mean(&samples(quantity, of_point))?;
            points.push(SeriesPoint { x: *size as f64, y });
        }
        series.push(Series { name: mode.name().into(), points });
    }
    Ok(Figure {
        id: quantity.id.into(),
        title: quantity.title.into(),
        x_label: "Rows of the matrices".into(),
        y_label: format!("{} [{}]", quantity.title, quantity.unit),
        axes: Axes::default(),
        series,
    })
}

/// Wasm over native at each size, and at the largest that both have.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for (name, quantity) in
        [("duration-ratio", DURATION), ("network-ratio", NETWORK), ("memory-ratio", MEMORY)]
    {
        let mut largest = None;
        for ((_, size), wasm) in trials.iter().filter(|((mode, _), _)| *mode == Mode::Wasm) {
            let Some(native) = trials.get(&(Mode::Native, *size)) else { continue };
            let estimate = ratio(&samples(&quantity, wasm), &samples(&quantity, native))?;
            let measure = Measure { estimate, unit: "1".into(), basis: quantity.basis };
            largest = Some(measure.clone());
            measures.insert(format!("{name}@size={size}"), measure);
        }
        measures.extend(largest.map(|measure| (format!("{name}@size=largest"), measure)));
    }
    let of_largest = trials.iter().rfind(|((mode, _), _)| *mode == Mode::Wasm);
    if let Some((_, wasm)) = of_largest {
        let estimate = mean(&samples(&EXECUTIONS, wasm))?;
        let measure = Measure { estimate, unit: "1".into(), basis: EXECUTIONS.basis };
        measures.insert("wasm-executions@size=largest".into(), measure);
    }
    Ok(measures)
}

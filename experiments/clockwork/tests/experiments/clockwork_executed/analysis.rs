//! From records to the table, the figure, and the measures.

use std::collections::BTreeMap;

use clockwork::roles::Observed;
use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Scale, Series, SeriesPoint, Table},
    estimate::{mean, single},
    stats::Estimate,
};

use super::{
    executions::{Execution, Record},
    params::Point,
};
use crate::support::quantity::{MEDIAN, RATE, WITHIN_SLO, measure};

/// The trials of each network.
type Trials<'a> = BTreeMap<&'a str, Vec<&'a Record>>;

/// Fewer executions say nothing of one in a hundred.
const ENOUGH: usize = 100;

/// An execution that takes no more longer than was predicted is as predicted.
const TOLERANCE: f64 = 0.1;

pub(super) fn analyse(trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
    let mut by_variety = Trials::new();
    for trial in trials {
        by_variety.entry(&trial.point.variety).or_default().push(&trial.record);
    }
    Ok(Analysis {
        table: table(&by_variety)?,
        figures: vec![errors(&by_variety)],
        measures: measures(&by_variety)?,
    })
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let columns = [
        "Network",
        "Trials",
        RATE.head,
        WITHIN_SLO.head,
        MEDIAN.head,
        "Executions",
        "Execution [ms]",
        "As predicted",
    ];
    let mut rows = Vec::new();
    for (variety, records) in trials {
        let runs = observed(records);
        let n_executions = records.iter().map(|record| record.executions.len() as u64).sum();
        rows.push(vec![
            Cell::Text((*variety).to_owned()),
            Cell::Count(records.len() as u64),
            RATE.cell(&runs)?,
            WITHIN_SLO.cell(&runs)?,
            MEDIAN.cell(&runs)?,
            Cell::Count(n_executions),
            cell(mean_of(records, mean_ms)?),
            cell(mean_of(records, as_predicted)?),
        ]);
    }
    Ok(Table { columns: columns.map(str::to_owned).to_vec(), rows })
}

fn cell(estimate: Option<Estimate>) -> Cell {
    estimate.map_or_else(|| Cell::Text("none".into()), Cell::Measured)
}

/// How much longer than predicted executions took: what share of those of all trials took
/// at most so much longer, for each percent.
fn errors(trials: &Trials<'_>) -> Figure {
    let mut series = Vec::new();
    for (variety, records) in trials {
        let all = records.iter().flat_map(|record| &record.executions);
        let mut errors: Vec<_> = all.map(|execution| execution.error() * 100.0).collect();
        errors.sort_unstable_by(f64::total_cmp);
        let Some(last) = errors.len().checked_sub(1) else { continue };
        let at = |percent: usize| SeriesPoint {
            x: errors[last * percent / 100],
            y: single(percent as f64 / 100.0),
        };
        series.push(Series { name: (*variety).to_owned(), points: (0..=100).map(at).collect() });
    }
    Figure {
        id: "executed_infer_prediction_error".into(),
        title: "INFER: duration against prediction".into(),
        x_label: "Longer than predicted [%]".into(),
        y_label: "Share of executions".into(),
        axes: Axes { x: Scale::Linear, y: Scale::Linear },
        series,
    }
}

fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for (variety, records) in trials {
        let runs = observed(records);
        for quantity in [RATE, WITHIN_SLO, MEDIAN] {
            if let Some(measure) = quantity.measure(&runs)? {
                measures.insert(format!("{}@variety={variety}", quantity.name), measure);
            }
        }
        let is_enough = records.iter().all(|record| record.executions.len() >= ENOUGH);
        let executed = [
            ("execution-ms", "ms", mean_of(records, mean_ms)?),
            ("as-predicted", "1", mean_of(records, as_predicted)?.filter(|_| is_enough)),
        ];
        for (name, unit, estimate) in executed {
            let Some(estimate) = estimate else { continue };
            let measure = measure(estimate, unit, Basis::Timed, runs.iter().copied());
            measures.insert(format!("{name}@variety={variety}"), measure);
        }
    }
    Ok(measures)
}

fn observed<'a>(records: &[&'a Record]) -> Vec<&'a Observed> {
    records.iter().map(|record| &record.observed).collect()
}

/// The mean over the trials in which anything was executed.
fn mean_of(records: &[&Record], of: fn(&[Execution]) -> f64) -> anyhow::Result<Option<Estimate>> {
    let executed = records.iter().filter(|record| !record.executions.is_empty());
    let samples: Vec<_> = executed.map(|record| of(&record.executions)).collect();
    if samples.is_empty() {
        return Ok(None);
    }
    Ok(Some(mean(&samples)?))
}

fn mean_ms(executions: &[Execution]) -> f64 {
    executions.iter().map(|execution| execution.took_ms).sum::<f64>() / executions.len() as f64
}

/// The share of executions that took at most [`TOLERANCE`] longer than was predicted.
fn as_predicted(executions: &[Execution]) -> f64 {
    let is_predicted = |execution: &&Execution| execution.error() <= TOLERANCE;
    executions.iter().filter(is_predicted).count() as f64 / executions.len() as f64
}

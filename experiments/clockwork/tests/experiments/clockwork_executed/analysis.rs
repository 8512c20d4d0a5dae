//! From records to the table, the figure, and the measures.

use std::collections::BTreeMap;

use clockwork::roles::Observed;
use harness::{
    Measured,
    analysis::{Analysis, Axes, Cell, Figure, Measure, Scale, Series, SeriesPoint, Table},
    estimate::single,
};

use super::params::Point;
use crate::support::quantity::{
    INFER_FASTER, INFER_SLOWER, INFER_SLOWER_SHARE, MEDIAN, Quantity, RATE, WITHIN_SLO,
};

/// The trials of each network.
type Trials<'a> = BTreeMap<&'a str, Vec<&'a Observed>>;

const QUANTITIES: [Quantity; 6] =
    [RATE, WITHIN_SLO, MEDIAN, INFER_SLOWER, INFER_FASTER, INFER_SLOWER_SHARE];

pub(super) fn analyse(trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
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
    let fixed = ["Network", "Trials", "Requests"].map(str::to_owned);
    let heads = QUANTITIES.iter().map(|quantity| quantity.head.to_owned());
    let mut rows = Vec::new();
    for (variety, runs) in trials {
        let mut row = vec![
            Cell::Text((*variety).to_owned()),
            Cell::Count(runs.len() as u64),
            Cell::Count(runs.iter().map(|run| run.outcome.n_requests).sum()),
        ];
        for quantity in &QUANTITIES {
            row.push(quantity.cell(runs)?);
        }
        rows.push(row);
    }
    Ok(Table { columns: fixed.into_iter().chain(heads).collect(), rows })
}

/// How much longer and shorter executions took than predicted, in the first trial:
/// quantiles of several do not add up.
fn errors(trials: &Trials<'_>) -> Figure {
    let mut series = Vec::new();
    for (variety, runs) in trials {
        let Some(run) = runs.first() else { continue };
        let errors = &run.tails.ms.infer_prediction;
        for (side, errors_ms) in [("longer", &errors.longer), ("shorter", &errors.shorter)] {
            let levels = run.tails.y.iter().map(|nines| 100.0 - 10f64.powf(2.0 - nines));
            let points = errors_ms.iter().zip(levels);
            let points = points.map(|(x, level)| SeriesPoint { x: *x, y: single(level) });
            series.push(Series { name: format!("{variety}, {side}"), points: points.collect() });
        }
    }
    Figure {
        id: "executed_infer_prediction_error".into(),
        title: "INFER: duration against prediction".into(),
        x_label: "Error [ms]".into(),
        y_label: "Percentile".into(),
        axes: Axes { x: Scale::Linear, y: Scale::Percentile },
        series,
    }
}

fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for (variety, runs) in trials {
        for quantity in &QUANTITIES {
            if let Some(measure) = quantity.measure(runs)? {
                measures.insert(format!("{}@variety={variety}", quantity.name), measure);
            }
        }
    }
    Ok(measures)
}

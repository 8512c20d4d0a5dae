//! From records to the table, Fig. 9 and 10, and the measures.

use std::collections::BTreeMap;

use clockwork::roles::Observed;
use harness::{
    Measured,
    analysis::{Analysis, Cell, Measure, Table},
};

use super::{
    errors::{ERRORS, INFER_FASTER, INFER_SLOWER},
    figures::{Drawn, figures},
    params::Point,
};
use crate::support::quantity::{
    BATCH_SIZE, COLD_STARTS, COLD_WITHIN_SLO, LONGEST, MEDIAN, Quantity, RATE, SPEED, WITHIN_SLO,
};

/// The trials of each number of workers.
type Trials<'a> = BTreeMap<u32, Vec<&'a Observed>>;

/// The paper's.
const PAPER_MODELS: u32 = 4026;

const QUANTITIES: [Quantity; 7] =
    [RATE, WITHIN_SLO, LONGEST, MEDIAN, BATCH_SIZE, COLD_STARTS, COLD_WITHIN_SLO];

/// What the table has: of the errors those that the paper's text speaks of.
fn columns() -> impl Iterator<Item = Quantity> {
    QUANTITIES.into_iter().chain([INFER_SLOWER, INFER_FASTER, SPEED])
}

pub(super) fn analyse(trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
    let mut by_workers = Trials::new();
    for trial in trials {
        by_workers.entry(trial.point.workers).or_default().push(&trial.record);
    }
    Ok(Analysis {
        table: table(&by_workers)?,
        figures: figures(&drawn(&by_workers))?,
        measures: measures(&by_workers)?,
    })
}

fn drawn<'a>(trials: &Trials<'a>) -> BTreeMap<u32, Vec<Drawn<'a>>> {
    let drawn = |runs: &Vec<&'a Observed>| runs.iter().copied().map(Drawn::from).collect();
    trials.iter().map(|(workers, runs)| (*workers, drawn(runs))).collect()
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let fixed = ["Workers", "Trials", "Models", "Requests"].map(str::to_owned);
    let heads = columns().map(|quantity| quantity.head.to_owned());
    let mut rows = Vec::new();
    for (workers, runs) in trials {
        let mut row = vec![
            Cell::Count(u64::from(*workers)),
            Cell::Count(runs.len() as u64),
            Cell::Count(runs.iter().map(|run| u64::from(run.n_models)).max().unwrap_or(0)),
            Cell::Count(runs.iter().map(|run| run.outcome.n_requests).sum()),
        ];
        for quantity in columns() {
            row.push(quantity.cell(runs)?);
        }
        rows.push(row);
    }
    Ok(Table { columns: fixed.into_iter().chain(heads).collect(), rows })
}

/// Each quantity with each number of workers, and with the most. Where all of the
/// paper's models were served, that is in the name too.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for (workers, runs) in trials {
        let is_papers = runs.iter().all(|run| run.n_models == PAPER_MODELS);
        for quantity in QUANTITIES.iter().chain(&ERRORS) {
            let Some(measure) = quantity.measure(runs)? else { continue };
            let name = format!("{}@workers={workers}", quantity.name);
            if is_papers {
                measures.insert(format!("{name},models={PAPER_MODELS}"), measure.clone());
            }
            measures.insert(name, measure.clone());
            // Workers come in ascending order: the last are the most.
            measures.insert(format!("{}@workers=most", quantity.name), measure);
        }
    }
    Ok(measures)
}

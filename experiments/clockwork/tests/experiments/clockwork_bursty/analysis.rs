//! From records to the table, Fig. 6 and the measures.

use std::collections::BTreeMap;

use clockwork::{roles::Observed, telemetry::GroupPoint};
use harness::{
    Measured,
    analysis::{Analysis, Basis, Cell, Measure, Table},
    estimate::mean,
};

use super::{figures::figures, params::Point};
use crate::support::{
    groups::{group, satisfaction},
    quantity::{GOODPUT, SPEED, measure},
};

/// The groups of models.
pub(super) const MAJORS: &str = "majors";
pub(super) const MINOR: &str = "minor";

/// Cold starts per second that are more than those of models that are asked for the
/// first time, of which there is one each second.
const THRASHING_PER_S: f64 = 10.0;

/// What a GPU of the paper holds, in pages.
const PAPER_PAGES: u32 = 1376;

/// The trials of each number of workers.
pub(super) type Trials<'a> = BTreeMap<u32, Vec<&'a Observed>>;

/// What a trial is asked for: the head of its column, its name, its unit and its value,
/// if the trial has one.
type Quantity =
    (&'static str, &'static str, &'static str, fn(&Observed) -> anyhow::Result<Option<f64>>);

const QUANTITIES: [Quantity; 5] = [
    ("Minor within SLO", "minor-within-slo", "1", |run| {
        Ok(satisfaction(&group(run, MINOR)?.points))
    }),
    ("Majors within SLO", "majors-within-slo", "1", |run| {
        Ok(satisfaction(&group(run, MAJORS)?.points))
    }),
    ("Minor's cold starts [1/s]", "minor-cold-starts-per-s", "1/s", |run| {
        let points = &group(run, MINOR)?.points;
        let sum: f64 = points.iter().map(|point| point.all.cold_starts).sum();
        Ok((!points.is_empty()).then(|| sum / points.len() as f64))
    }),
    ("Models loaded at most", "models-loaded-at-most", "1", |run| {
        let [majors, minor] = [group(run, MAJORS)?, group(run, MINOR)?];
        let loaded = majors.points.iter().zip(&minor.points);
        let loaded = loaded.map(|(majors, minor)| majors.loaded_copies + minor.loaded_copies);
        Ok(loaded.max().map(|loaded| loaded as f64))
    }),
    ("Saturated at models", "saturated-at-models", "1", |run| {
        Ok(saturated_at(&group(run, MAJORS)?.points))
    }),
];

pub(super) fn analyse(trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
    let (mut by_workers, mut pages) = (Trials::new(), 0);
    for trial in trials {
        by_workers.entry(trial.point.workers).or_default().push(&trial.record);
        pages = trial.point.pages;
    }
    Ok(Analysis {
        table: table(&by_workers)?,
        figures: figures(&by_workers)?,
        measures: measures(&by_workers, pages)?,
    })
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let mut columns = ["Workers", "Trials", "Models"].map(str::to_owned).to_vec();
    columns.extend(QUANTITIES.iter().map(|(head, ..)| (*head).to_owned()));
    columns.extend([GOODPUT, SPEED].map(|quantity| quantity.head.to_owned()));
    let mut rows = Vec::new();
    for (workers, runs) in trials {
        let n_models = runs.iter().map(|run| u64::from(run.n_models)).max().unwrap_or(0);
        let mut row = vec![
            Cell::Count(u64::from(*workers)),
            Cell::Count(runs.len() as u64),
            Cell::Count(n_models),
        ];
        for (.., of) in QUANTITIES {
            let samples = samples(runs, of)?;
            row.push(match samples.is_empty() {
                true => Cell::Text("none".into()),
                false => Cell::Measured(mean(&samples)?),
            });
        }
        for quantity in [GOODPUT, SPEED] {
            row.push(quantity.cell(runs)?);
        }
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

/// Each quantity with each number of workers. Where a GPU holds what the paper's do,
/// that is in the name too.
fn measures(trials: &Trials<'_>, pages: u32) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for (workers, runs) in trials {
        for (_, name, unit, of) in QUANTITIES {
            let samples = samples(runs, of)?;
            if samples.is_empty() {
                continue;
            }
            let measure = measure(mean(&samples)?, unit, Basis::InTime, runs.iter().copied());
            if pages == PAPER_PAGES {
                measures.insert(format!("{name}@workers={workers},pages={pages}"), measure.clone());
            }
            measures.insert(format!("{name}@workers={workers}"), measure);
        }
    }
    Ok(measures)
}

fn samples(
    runs: &[&Observed],
    of: fn(&Observed) -> anyhow::Result<Option<f64>>,
) -> anyhow::Result<Vec<f64>> {
    let samples = runs.iter().map(|run| of(run)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(samples.into_iter().flatten().collect())
}

/// How many majors are asked when cold starts begin to stay above [`THRASHING_PER_S`]:
/// the mean over the first of the buckets in which they do, in which models are added
/// one after the other. Nothing if they do not stay so.
fn saturated_at(majors: &[GroupPoint]) -> Option<f64> {
    let calm = |point: &GroupPoint| point.all.cold_starts <= THRASHING_PER_S;
    let first = majors.iter().rposition(calm).map_or(0, |last_calm| last_calm + 1);
    let asked = |index: usize| majors.get(index).map(|point| point.active_models as f64);
    let before = first.checked_sub(1).map_or(Some(0.0), asked)?;
    Some((before + asked(first)?) / 2.0)
}

//! From records to the table, Fig. 11 and the measures.

use std::collections::BTreeMap;

use clockwork::roles::Observed;
use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
};

use super::params::Point;
use crate::support::quantity::{Quantity, RATE, SPEED, measure};

/// The trials of each number of workers.
type Trials<'a> = BTreeMap<u32, Vec<&'a Observed>>;

/// The goodput of the load that had the most of it.
const MOST_GOODPUT: Quantity = Quantity {
    head: "Goodput [1/s]",
    name: "goodput-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| {
        let goodputs = run.series.points.iter().map(|point| point.goodput);
        goodputs.reduce(f64::max)
    },
};

/// The most requests per second that there were.
const MOST_OFFERED: Quantity = Quantity {
    head: "Offered at most [1/s]",
    name: "offered-per-s",
    unit: "1/s",
    live: Basis::Timed,
    of: |run| {
        let rates = run.series.points.iter().map(|point| point.throughput);
        rates.reduce(f64::max)
    },
};

pub(super) fn analyse(trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
    let mut by_workers = Trials::new();
    for trial in trials {
        by_workers.entry(trial.point.workers).or_default().push(&trial.record);
    }
    Ok(Analysis {
        table: table(&by_workers)?,
        figures: vec![by_workers_drawn(&by_workers)?, by_load(&by_workers)?],
        measures: measures(&by_workers)?,
    })
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let quantities = [MOST_OFFERED, MOST_GOODPUT, SPEED];
    let fixed = ["Workers", "Trials"].map(str::to_owned);
    let heads = quantities.iter().map(|quantity| quantity.head.to_owned());
    let mut rows = Vec::new();
    for (workers, runs) in trials {
        let mut row = vec![Cell::Count(u64::from(*workers)), Cell::Count(runs.len() as u64)];
        for quantity in &quantities {
            row.push(quantity.cell(runs)?);
        }
        rows.push(row);
    }
    Ok(Table { columns: fixed.into_iter().chain(heads).collect(), rows })
}

/// Goodput by what is offered, step by step: whether more than can be done costs any of
/// what could be.
fn by_load(trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for (workers, runs) in trials {
        let n_steps = runs.iter().map(|run| run.series.points.len()).min().unwrap_or(0);
        let mut points = Vec::new();
        for step in 0..n_steps {
            let of_step = runs.iter().map(|run| &run.series.points[step]);
            let offered: Vec<_> = of_step.clone().map(|point| point.throughput).collect();
            let goodput: Vec<_> = of_step.map(|point| point.goodput).collect();
            points.push(SeriesPoint { x: mean(&offered)?.value, y: mean(&goodput)? });
        }
        series.push(Series { name: format!("{workers} workers"), points });
    }
    Ok(Figure {
        id: "fig11-goodput-by-load".into(),
        title: "Goodput of each load".into(),
        x_label: RATE.head.into(),
        y_label: MOST_GOODPUT.head.into(),
        axes: Axes::default(),
        series,
    })
}

/// Goodput by workers.
fn by_workers_drawn(trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut points = Vec::new();
    for (workers, runs) in trials {
        points.push(SeriesPoint { x: f64::from(*workers), y: mean(&MOST_GOODPUT.samples(runs))? });
    }
    Ok(Figure {
        id: "fig11-goodput-by-workers".into(),
        title: "Largest goodput of any load".into(),
        x_label: "Workers".into(),
        y_label: MOST_GOODPUT.head.into(),
        axes: Axes::default(),
        series: vec![Series { name: "Goodput".into(), points }],
    })
}

/// The share of what was offered that must have gone unserved, or goodput says how much
/// was offered, not how much can be done.
const SATURATED: f64 = 0.05;

/// Goodput with the most workers, and how much of it a worker has, compared with the
/// fewest: 1 where they add up. Nothing where a load was not more than could be done.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    let Some((most, runs)) = trials.last_key_value() else { return Ok(measures) };
    measures.extend(
        MOST_GOODPUT.measure(runs)?.map(|measure| ("goodput-per-s@workers=most".into(), measure)),
    );
    let (fewest, few) = trials.first_key_value().expect("there is a last");
    if fewest < most && [runs, few].iter().all(|runs| is_saturated(runs)) {
        let per_worker = |workers: u32, runs: &[&Observed]| -> Vec<f64> {
            let goodputs = MOST_GOODPUT.samples(runs);
            goodputs.iter().map(|goodput| goodput / f64::from(workers)).collect()
        };
        let estimate = ratio(&per_worker(*most, runs), &per_worker(*fewest, few))?;
        let measure = measure(estimate, "1", Basis::Timed, runs.iter().chain(few).copied());
        measures.insert("goodput-per-worker@most/fewest".into(), measure);
    }
    Ok(measures)
}

fn is_saturated(runs: &[&Observed]) -> bool {
    let pairs = MOST_GOODPUT.samples(runs).into_iter().zip(MOST_OFFERED.samples(runs));
    pairs.into_iter().all(|(goodput, offered)| goodput < (1.0 - SATURATED) * offered)
}

//! From records to the table, Fig. 7 and 8 and the measures.

use std::collections::BTreeMap;

use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Scale, Series, SeriesPoint, Table},
    estimate::mean,
};

use super::{
    params::{Drawn, Point},
    record::Record,
};
use crate::support::{
    groups::group,
    quantity::{RATE, measure},
};

/// The models with objectives.
pub(super) const FOREGROUND: &str = "foreground";

/// The satisfaction that an objective counts as met with.
const MET: f64 = 0.99;

/// So many execution times are few (ours: the paper's text has no number).
const FEW: f64 = 12.0;

/// Under one objective, the share that was answered in time, in each trial.
struct Step {
    factor: f64,
    satisfactions: Vec<f64>,
}

/// A point of the sweep with its trials.
struct Swept<'a> {
    point: Point,
    records: Vec<&'a Record>,
    steps: Vec<Step>,
}

pub(super) fn analyse(trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
    let mut by_point: BTreeMap<Point, Vec<&Record>> = BTreeMap::new();
    for trial in trials {
        by_point.entry(trial.point).or_default().push(&trial.record);
    }
    let swept = by_point.into_iter().map(|(point, records)| swept(point, records));
    let swept = swept.collect::<anyhow::Result<Vec<_>>>()?;
    let figures = [
        (Drawn::Fig7, "7-satisfaction", "Answers in time, alone"),
        (Drawn::Fig8, "8-satisfaction", "Answers in time, beside others"),
    ];
    let figures = figures.map(|(drawn, id, title)| figure(drawn, id, title, &swept));
    Ok(Analysis {
        table: table(&swept)?,
        figures: figures.into_iter().collect::<anyhow::Result<Vec<_>>>()?,
        measures: measures(&swept)?,
    })
}

fn swept(point: Point, records: Vec<&Record>) -> anyhow::Result<Swept<'_>> {
    let mut steps: Vec<Step> = Vec::new();
    for record in &records {
        let points = &group(&record.observed, FOREGROUND)?.points;
        let from = record.objectives.bucket_from(point.complete_from());
        for (factor, satisfaction) in record.objectives.satisfactions(points, from) {
            match steps.iter_mut().find(|step| step.factor == factor) {
                Some(step) => step.satisfactions.push(satisfaction),
                None => steps.push(Step { factor, satisfactions: vec![satisfaction] }),
            }
        }
    }
    steps.sort_by(|one, other| one.factor.total_cmp(&other.factor));
    Ok(Swept { point, records, steps })
}

impl Swept<'_> {
    /// How its line is called.
    fn name(&self) -> String {
        let Point { copies, rate, background_copies, background_concurrency, .. } = self.point;
        match (self.point.figure, background_copies) {
            (Drawn::Fig7, _) => format!("{copies} models, {rate}/s"),
            (Drawn::Fig8, 0) => "nobody".to_owned(),
            (Drawn::Fig8, _) => format!("{background_copies} models x {background_concurrency}"),
        }
    }

    /// What its measures' names have after the `@`.
    fn place(&self) -> String {
        let Point { copies, rate, background_copies, background_concurrency, .. } = self.point;
        match self.point.figure {
            Drawn::Fig7 => format!("copies={copies},rate={rate}"),
            Drawn::Fig8 => format!("beside={background_copies}x{background_concurrency}"),
        }
    }

    /// The tightest objective from which on all are met, in every trial.
    fn tightest(&self) -> Option<f64> {
        let is_met = |step: &&Step| step.satisfactions.iter().all(|share| *share >= MET);
        self.steps.iter().rev().take_while(is_met).last().map(|step| step.factor)
    }
}

fn table(swept: &[Swept<'_>]) -> anyhow::Result<Table> {
    let columns = [
        "Figure",
        "Models",
        "Rate [1/s]",
        "Beside",
        "Trials",
        "Requests [1/s]",
        "Tightest met [x]",
        "In time at the loosest",
    ];
    let mut rows = Vec::new();
    for one in swept {
        let figure = match one.point.figure {
            Drawn::Fig7 => "7",
            Drawn::Fig8 => "8",
        };
        let Point { copies, rate, background_copies, background_concurrency, .. } = one.point;
        let runs: Vec<_> = one.records.iter().map(|record| &record.observed).collect();
        rows.push(vec![
            Cell::Text(figure.into()),
            Cell::Count(u64::from(copies)),
            Cell::Count(u64::from(rate)),
            Cell::Text(format!("{background_copies} x {background_concurrency}")),
            Cell::Count(one.records.len() as u64),
            RATE.cell(&runs)?,
            Cell::Text(one.tightest().map_or("none".into(), |factor| format!("{factor:.2}"))),
            match one.steps.last() {
                Some(loosest) => Cell::Measured(mean(&loosest.satisfactions)?),
                None => Cell::Text("none".into()),
            },
        ]);
    }
    Ok(Table { columns: columns.map(str::to_owned).to_vec(), rows })
}

fn figure(drawn: Drawn, id: &str, title: &str, swept: &[Swept<'_>]) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for one in swept.iter().filter(|one| one.point.figure == drawn) {
        let mut points = Vec::new();
        for step in &one.steps {
            points.push(SeriesPoint { x: step.factor, y: mean(&step.satisfactions)? });
        }
        series.push(Series { name: one.name(), points });
    }
    Ok(Figure {
        id: id.into(),
        title: title.into(),
        x_label: "Objective [execution times]".into(),
        y_label: "Share of answers in time".into(),
        axes: Axes { x: Scale::Logarithmic, y: Scale::Linear },
        series,
    })
}

/// Of each line the tightest objective that is met, and how many requests are answered in
/// time under the loosest, and under the loosest of few execution times.
fn measures(swept: &[Swept<'_>]) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for one in swept {
        let place = one.place();
        let Some(loosest) = one.steps.last() else { continue };
        let estimate = mean(&loosest.satisfactions)?;
        let runs = || one.records.iter().map(|record| &record.observed);
        measures.insert(
            format!("loosest-satisfaction@{place}"),
            measure(estimate, "1", Basis::InTime, runs()),
        );
        if let Some(few) = one.steps.iter().rfind(|step| step.factor <= FEW) {
            let estimate = mean(&few.satisfactions)?;
            measures.insert(
                format!("satisfaction-of-few@{place}"),
                measure(estimate, "1", Basis::InTime, runs()),
            );
        }
        if let Some(factor) = one.tightest() {
            let estimate = mean(&vec![factor; one.records.len()])?;
            measures.insert(
                format!("tightest-objective@{place}"),
                measure(estimate, "1", Basis::InTime, runs()),
            );
        }
    }
    Ok(measures)
}

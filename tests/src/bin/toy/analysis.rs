//! From the toy's records to its table and the measure that its claims refer to.

use std::collections::BTreeMap;

use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
};

use crate::experiment::{Colour, Point, Record};

pub(crate) fn analyse(trials: &[Measured<Point, Record>]) -> anyhow::Result<Analysis> {
    let work = |toy: Colour| -> Vec<f64> {
        let of_toy = trials.iter().filter(|trial| trial.point.toy == toy);
        of_toy.map(|trial| trial.record.work).collect()
    };
    let toys = [("blue", work(Colour::Blue)), ("red", work(Colour::Red))];
    let mut table = Table { columns: vec!["Toy".into(), "Work".into()], rows: Vec::new() };
    let mut points = Vec::new();
    for (i, (name, work)) in toys.iter().enumerate().filter(|(_, (_, work))| !work.is_empty()) {
        let estimate = mean(work)?;
        table.rows.push(vec![Cell::Text((*name).into()), Cell::Measured(estimate)]);
        points.push(SeriesPoint { x: i as f64, y: estimate });
    }
    let mut measures = BTreeMap::new();
    let [(_, blue), (_, red)] = &toys;
    if !blue.is_empty() && !red.is_empty() {
        let measure =
            Measure { estimate: ratio(red, blue)?, unit: "1".into(), basis: Basis::Counted };
        measures.insert("red-per-blue".into(), measure);
    }
    let figure = Figure {
        id: "fig1-work".into(),
        title: "Work".into(),
        x_label: "Toy (0 is blue, 1 is red)".into(),
        y_label: "Work".into(),
        axes: Axes::default(),
        series: vec![Series { name: "work".into(), points }],
    };
    Ok(Analysis { table, figures: vec![figure], measures })
}

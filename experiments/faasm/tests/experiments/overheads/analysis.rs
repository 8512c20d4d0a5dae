//! From records to Table 3, Fig. 10 and the measures.

use std::collections::BTreeMap;

use faasm::overheads::{ChurnRate, Costs, Stopped};
use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Scale, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
};

use super::{
    params::{Mode, Point},
    quantity::{QUANTITIES, Quantity, Trials, capacity, cell},
};

/// The trials of each mode, in the order of the paper's table.
type ByMode<'a> = BTreeMap<Mode, Vec<&'a Measured<Point, Costs>>>;

pub(super) fn analyse(trials: &[Measured<Point, Costs>]) -> anyhow::Result<Analysis> {
    let mut by_mode = ByMode::new();
    for trial in trials {
        by_mode.entry(trial.point.mode).or_default().push(trial);
    }
    Ok(Analysis {
        table: table(&by_mode)?,
        figures: vec![figure(&by_mode)?],
        measures: measures(&by_mode)?,
    })
}

/// What the instances of a mode are called: the testbed's word, or the mode's.
fn word<'a>(trials: &'a Trials<'_>) -> &'a str {
    trials.first().map_or("", |trial| &trial.record.instance)
}

/// The modes that compare with Proto-Faaslets, and those.
fn compared<'a, 'b>(
    trials: &'a ByMode<'b>,
) -> Option<(impl Iterator<Item = &'a Trials<'b>>, &'a Trials<'b>)> {
    let proto = trials.get(&Mode::ProtoFaaslet)?;
    let others = trials.iter().filter(|(mode, _)| **mode != Mode::ProtoFaaslet);
    Some((others.map(|(_, of_mode)| of_mode.as_slice()), proto))
}

fn table(trials: &ByMode<'_>) -> anyhow::Result<Table> {
    let heads = QUANTITIES.iter().map(|it| format!("{} [{}]", it.title, it.unit));
    let mut columns = vec!["Instance".to_owned(), "Trials".to_owned()];
    columns.extend(heads);
    columns.extend(["Memory is", "Capacity"].map(str::to_owned));
    let mut rows = Vec::new();
    for of_mode in trials.values() {
        let mut row = vec![Cell::Text(word(of_mode).into()), Cell::Count(of_mode.len() as u64)];
        for quantity in &QUANTITIES {
            row.push(cell(quantity.mean(of_mode)?));
        }
        let source = of_mode.first().map_or("", |trial| &trial.record.memory.source);
        row.extend([source.into(), capacity(of_mode)].map(Cell::Text));
        rows.push(row);
    }
    let Some((others, proto)) = compared(trials) else { return Ok(Table { columns, rows }) };
    for other in others {
        let mut row = vec![Cell::Text(format!("{} ÷ {}", word(other), word(proto)))];
        row.push(Cell::Text(String::new()));
        for quantity in &QUANTITIES {
            row.push(cell(quantity.ratio(other, proto)?));
        }
        row.extend([String::new(), String::new()].map(Cell::Text));
        rows.push(row);
    }
    Ok(Table { columns, rows })
}

/// The paper's axes are logarithmic: six orders of magnitude lie between a
/// container and a Proto-Faaslet.
fn figure(trials: &ByMode<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for of_mode in trials.values() {
        let mut points = Vec::new();
        for of_rate in rates(of_mode) {
            let achieved: Vec<_> = of_rate.iter().map(|rate| rate.achieved_per_s()).collect();
            let median_ms: Vec<_> = of_rate.iter().map(|rate| rate.median_us / 1e3).collect();
            points.push(SeriesPoint { x: mean(&achieved)?.value, y: mean(&median_ms)? });
        }
        points.sort_by(|one, other| one.x.total_cmp(&other.x));
        series.push(Series { name: word(of_mode).into(), points });
    }
    Ok(Figure {
        id: "fig10-churn".into(),
        title: "Latency of starts at a rate".into(),
        x_label: "Starts achieved [1/s]".into(),
        y_label: "Median latency [ms]".into(),
        axes: Axes { x: Scale::Logarithmic, y: Scale::Logarithmic },
        series,
    })
}

/// What came of each rate of the schedule, over the trials.
fn rates<'a>(trials: &Trials<'a>) -> Vec<Vec<&'a ChurnRate>> {
    let n = trials.iter().map(|trial| trial.record.churn.len()).min().unwrap_or(0);
    (0..n).map(|i| trials.iter().map(|trial| &trial.record.churn[i]).collect()).collect()
}

fn measures(trials: &ByMode<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    for of_mode in trials.values() {
        measures.extend(capacity_measure(of_mode)?);
    }
    let Some((others, proto)) = compared(trials) else { return Ok(measures) };
    for other in others {
        let between = format!("{}/{}", word(other), word(proto));
        for quantity in &QUANTITIES {
            let Some(estimate) = quantity.ratio(other, proto)? else { continue };
            let name = format!("{}-ratio@{between}", name(quantity, other));
            let measure = Measure { estimate, unit: "1".into(), basis: quantity.basis };
            measures.insert(name, measure);
        }
        measures.extend(churn_measure(other, proto, &between)?);
    }
    Ok(measures)
}

/// Memory is called what it is: a claim about proportional sets must not find
/// a container's working set.
fn name(quantity: &Quantity, trials: &Trials<'_>) -> &'static str {
    let is_pss = trials.iter().all(|trial| trial.record.memory.source == "pss");
    if quantity.name == "memory" && is_pss { "pss" } else { quantity.name }
}

/// The capacity, under a name with the bound where that is what stopped it: it
/// then says only that there is room for as many.
fn capacity_measure(trials: &Trials<'_>) -> anyhow::Result<Option<(String, Measure)>> {
    let capacities = trials.iter().map(|trial| &trial.record.capacity);
    let reached: Vec<_> = capacities.clone().map(|capacity| capacity.reached as f64).collect();
    let all_bound = capacities.clone().all(|capacity| capacity.stopped == Stopped::Bound);
    let Some(most) = capacities.map(|capacity| capacity.reached).max() else { return Ok(None) };
    let name = if all_bound {
        format!("capacity@{}/of={most}", word(trials))
    } else {
        format!("capacity@{}", word(trials))
    };
    let measure = Measure { estimate: mean(&reached)?, unit: "1".into(), basis: Basis::Memory };
    Ok(Some((name, measure)))
}

/// How many times more Proto-Faaslets a second there are. Only where the others
/// were asked for more than they could: else it compares the schedules.
fn churn_measure(
    others: &Trials<'_>,
    proto: &Trials<'_>,
    between: &str,
) -> anyhow::Result<Option<(String, Measure)>> {
    let has_limit = others.iter().all(|trial| fell_behind(&trial.record));
    if !has_limit || proto.iter().any(|trial| trial.record.churn.is_empty()) {
        return Ok(None);
    }
    let estimate = ratio(&most_per_s(proto), &most_per_s(others))?;
    let measure = Measure { estimate, unit: "1".into(), basis: Basis::Timed };
    Ok(Some((format!("churn-ratio@{between}"), measure)))
}

/// Whether some rate was too much. At the lowest nothing hinders a start.
fn fell_behind(costs: &Costs) -> bool {
    let lowest = costs.churn.iter().min_by(|a, b| a.target_per_s.total_cmp(&b.target_per_s));
    let unhindered_us = lowest.map_or(0.0, |rate| rate.median_us);
    costs.churn.iter().any(|rate| rate.fell_behind(unhindered_us))
}

fn most_per_s(trials: &Trials<'_>) -> Vec<f64> {
    let most = |trial: &&Measured<Point, Costs>| {
        trial.record.churn.iter().map(ChurnRate::achieved_per_s).fold(0.0, f64::max)
    };
    trials.iter().map(most).collect()
}

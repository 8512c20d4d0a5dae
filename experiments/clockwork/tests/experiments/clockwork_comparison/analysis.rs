//! From records to the table, Fig. 5 and the measures.

use std::collections::BTreeMap;

use clockwork::{roles::Observed, scheduler::Policy};
use harness::{
    Measured,
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Scale, Series, SeriesPoint, Table},
    estimate::{mean, ratio},
};

use super::params::Point;
use crate::support::{
    quantity::{BATCH_SIZE, GOODPUT, MEDIAN, Quantity, RATE, WITHIN_SLO, measure},
    system::name_of,
};

const QUANTITIES: [Quantity; 5] = [GOODPUT, RATE, WITHIN_SLO, MEDIAN, BATCH_SIZE];

/// The trials of each scheduler, by its objective.
type Trials<'a> = Vec<(Policy, BTreeMap<u64, Vec<&'a Observed>>)>;

pub(super) fn analyse(trials: &[Measured<Point, Observed>]) -> anyhow::Result<Analysis> {
    let mut by_policy: Trials<'_> = Vec::new();
    for Measured { point, record, .. } in trials {
        let at = by_policy.iter().position(|(policy, _)| *policy == point.scheduler);
        let at = at.unwrap_or_else(|| {
            by_policy.push((point.scheduler, BTreeMap::new()));
            by_policy.len() - 1
        });
        by_policy[at].1.entry(point.slo_ms).or_default().push(record);
    }
    Ok(Analysis {
        table: table(&by_policy)?,
        figures: vec![
            figure("5-goodput", "Goodput", &GOODPUT, &by_policy)?,
            figure("5-within-slo", "Share of answers in time", &WITHIN_SLO, &by_policy)?,
        ],
        measures: measures(&by_policy)?,
    })
}

fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let fixed = ["Scheduler", "SLO [ms]", "Trials"].map(str::to_owned);
    let heads = QUANTITIES.iter().map(|quantity| quantity.head.to_owned());
    let mut rows = Vec::new();
    for (policy, by_slo) in trials {
        for (slo_ms, runs) in by_slo {
            let mut row = vec![
                Cell::Text(name_of(*policy)),
                Cell::Count(*slo_ms),
                Cell::Count(runs.len() as u64),
            ];
            for quantity in &QUANTITIES {
                row.push(quantity.cell(runs)?);
            }
            rows.push(row);
        }
    }
    Ok(Table { columns: fixed.into_iter().chain(heads).collect(), rows })
}

fn figure(
    id: &str,
    title: &str,
    quantity: &Quantity,
    trials: &Trials<'_>,
) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for (policy, by_slo) in trials {
        let mut points = Vec::new();
        for (slo_ms, runs) in by_slo {
            points.push(SeriesPoint { x: *slo_ms as f64, y: mean(&quantity.samples(runs))? });
        }
        series.push(Series { name: name_of(*policy), points });
    }
    Ok(Figure {
        id: id.into(),
        title: title.into(),
        x_label: "Objective [ms]".into(),
        y_label: quantity.head.into(),
        axes: Axes { x: Scale::Logarithmic, y: Scale::Linear },
        series,
    })
}

/// INFER4's goodput at each objective: over that of each other scheduler, and over its own
/// at the loosest objective, if that is another; where these have any.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    let Some((_, ours)) = trials.iter().find(|(policy, _)| *policy == Policy::Infer4) else {
        return Ok(measures);
    };
    let Some((loosest_ms, loosest)) = ours.last_key_value() else { return Ok(measures) };
    for (slo_ms, runs) in ours {
        let most = GOODPUT.samples(loosest);
        // Of itself the loosest keeps all, whatever the system does.
        if slo_ms != loosest_ms && is_any(&most) {
            let kept = ratio(&GOODPUT.samples(runs), &most)?;
            measures.insert(
                format!("goodput-kept@slo={slo_ms}"),
                measure(kept, "1", Basis::Timed, runs.iter().copied()),
            );
        }
        for (policy, theirs) in trials.iter().filter(|(policy, _)| *policy != Policy::Infer4) {
            let Some(theirs) = theirs.get(slo_ms) else { continue };
            let (ours, baseline) = (GOODPUT.samples(runs), GOODPUT.samples(theirs));
            if is_any(&baseline) {
                let name = format!("goodput-over-{}@slo={slo_ms}", name_of(*policy));
                let over = ratio(&ours, &baseline)?;
                measures.insert(
                    name,
                    measure(over, "1", Basis::Timed, runs.iter().chain(theirs).copied()),
                );
            }
        }
    }
    Ok(measures)
}

/// Nothing can be compared with none at all.
fn is_any(goodputs: &[f64]) -> bool {
    goodputs.iter().any(|goodput| *goodput > 0.0)
}

//! What both experiments make of their records.

use std::collections::BTreeMap;

use harness::{
    Measured,
    analysis::{Basis, Cell, Measure, Table},
    estimate::{mean, ratio},
};

use super::{Point, Record};
use crate::support::deployment::Mode;

/// The trials of each point.
pub(crate) type Trials<'a> = BTreeMap<Point, Vec<&'a Record>>;

/// Sorts the trials by their points.
pub(super) fn by_point(trials: &[Measured<Point, Record>]) -> Trials<'_> {
    let mut by_point = Trials::new();
    for trial in trials {
        by_point.entry(trial.point).or_default().push(&trial.record);
    }
    by_point
}

/// The legend of a line: `native, 20 % cold`.
pub(crate) fn series_name(mode: Mode, interval: u32) -> String {
    format!("{}, {} % cold", mode.name(), 100.0 / f64::from(interval))
}

/// One row per point, the largest load last.
pub(crate) fn table(trials: &Trials<'_>) -> anyhow::Result<Table> {
    let columns = [
        "Mode",
        "Cold [%]",
        "Wait [ms]",
        "Trials",
        "Requests",
        "Cold",
        "Throughput [1/s]",
        "p50 [ms]",
        "p90 [ms]",
        "p99 [ms]",
        "Network [MB]",
        "Peak memory [MB]",
        "Floor [ms]",
    ];
    let mut rows = Vec::new();
    for (point, records) in trials {
        let mut row = vec![
            Cell::Text(point.mode.name().into()),
            Cell::Text(point.cold_percent().to_string()),
            Cell::Count(point.think_ms),
            Cell::Count(records.len() as u64),
            Cell::Count(records.iter().map(|record| record.latency.n).sum()),
            Cell::Count(records.iter().filter_map(|record| Some(record.cold?.n)).sum()),
        ];
        let quantities: [fn(&Record) -> f64; 6] = [
            |record| record.throughput_per_s,
            |record| record.latency.p50_us / 1e3,
            |record| record.latency.p90_us / 1e3,
            |record| record.latency.p99_us / 1e3,
            |record| record.network_bytes as f64 / 1e6,
            |record| record.memory_peak_bytes as f64 / 1e6,
        ];
        for of in quantities {
            let samples: Vec<_> = records.iter().map(|record| of(record)).collect();
            row.push(Cell::Measured(mean(&samples)?));
        }
        row.push(floor(records)?);
        rows.push(row);
    }
    Ok(Table { columns: columns.map(str::to_owned).into(), rows })
}

/// What the generator took for a request to a server that answers at once: the
/// part of a latency that is its own.
fn floor(records: &[&Record]) -> anyhow::Result<Cell> {
    let of = |record: &&Record| Some(record.floor?.null_p50_us / 1e3);
    match records.iter().map(of).collect::<Option<Vec<_>>>() {
        Some(floors) => Ok(Cell::Measured(mean(&floors)?)),
        None => Ok(Cell::Text("not calibrated".into())),
    }
}

/// A quantity of one set of trials over that of another.
pub(crate) fn timed_ratio(
    of: fn(&Record) -> f64,
    numerator: &[&Record],
    denominator: &[&Record],
) -> anyhow::Result<Measure> {
    let samples = |records: &[&Record]| records.iter().map(|record| of(record)).collect::<Vec<_>>();
    let estimate = ratio(&samples(numerator), &samples(denominator))?;
    Ok(Measure { estimate, unit: "1".into(), basis: Basis::Timed })
}

//! Reports on telemetry that a controller wrote, the original's or ours: Fig. 9 and 10.

use std::{collections::BTreeMap, path::Path, time::Duration};

use clockwork::telemetry::{
    Aggregate, Series, Tails, Totals, Window,
    log::{LogFiles, named},
    tables,
};
use harness::{
    DataFile, Fault, ForeignPart, ForeignRun, Stretch,
    analysis::{Analysis, Cell, Table},
    estimate::single,
};

use crate::clockwork_azure::figures::{Drawn, figures};

/// The two logs of a controller, or of several.
pub(crate) struct Telemetry;

impl ForeignRun for Telemetry {
    fn about(&self) -> &'static str {
        "telemetry of a controller"
    }

    fn recognises(&self, dir: &Path) -> bool {
        !named(dir).is_empty()
    }

    fn analyse(&self, dir: &Path, stretch: &Stretch) -> anyhow::Result<Vec<ForeignPart>> {
        named(dir).into_iter().map(|(name, logs)| part(name, &logs, stretch)).collect()
    }
}

fn part(name: String, logs: &LogFiles, stretch: &Stretch) -> anyhow::Result<ForeignPart> {
    let start = logs.start().map_err(usage)?;
    let nothing = || {
        Fault::usage(format!(
            "nothing is left of {} after {} s\n(hint: a shorter --lead-in)",
            logs.requests.display(),
            stretch.lead_in.as_secs_f64()
        ))
    };
    let window = Window {
        start: start.ok_or_else(nothing)?,
        lead_in: nanos(stretch.lead_in),
        duration: stretch.duration.map(nanos),
        bucket: nanos(stretch.bucket),
    };
    let mut aggregate = Aggregate::new(window);
    logs.aggregate(&mut aggregate).map_err(usage)?;
    if aggregate.totals().requests == 0 {
        return Err(nothing());
    }
    let (series, tails) = (aggregate.series(), aggregate.tails());
    let analysis = analysis(aggregate.totals(), &series, &tails, stretch)?;
    let file = |name: &str, text| DataFile { name: name.to_owned(), text };
    let files = vec![
        file("timeseries_data.tsv", tables::time_series(&series)),
        file("client_tail_cdf_data.tsv", tables::tail_data(&tails)),
    ];
    Ok(ForeignPart { name, analysis, files })
}

/// A malformed log is the user's to mend.
fn usage(error: impl Into<anyhow::Error>) -> anyhow::Error {
    Fault::usage(format!("{:#}", error.into()))
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

fn analysis(
    totals: &Totals,
    series: &Series,
    tails: &Tails,
    stretch: &Stretch,
) -> anyhow::Result<Analysis> {
    // One configuration: its lines need no number of workers in their names.
    let drawn = BTreeMap::from([(0, vec![Drawn { series, tails }])]);
    let figures = figures(&drawn)?;
    Ok(Analysis { table: table(totals, series, stretch), figures, ..Analysis::default() })
}

fn table(totals: &Totals, series: &Series, stretch: &Stretch) -> Table {
    let all_s = stretch.bucket.as_secs_f64() * series.points.len() as f64;
    let seconds = stretch.duration.map_or(all_s, |duration| duration.as_secs_f64().min(all_s));
    let in_time = totals.within_objective as f64 / totals.requests as f64;
    let cells = [
        ("Requests", Cell::Count(totals.requests)),
        ("Rate [1/s]", Cell::Measured(single(totals.requests as f64 / seconds))),
        ("Goodput [1/s]", Cell::Measured(single(totals.within_objective as f64 / seconds))),
        ("Within SLO", Cell::Measured(single(in_time))),
        ("Cold starts", Cell::Count(totals.cold_starts)),
        ("Executions", Cell::Count(totals.infers.all)),
        ("Failed", Cell::Count(totals.infers.failed)),
        ("Copies of weights", Cell::Count(totals.loads.all)),
        ("Failed copies", Cell::Count(totals.loads.failed)),
    ];
    let (columns, row) = cells.into_iter().map(|(head, cell)| (head.to_owned(), cell)).unzip();
    Table { columns, rows: vec![row] }
}

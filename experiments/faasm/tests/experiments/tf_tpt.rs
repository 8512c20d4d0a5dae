//! Throughput of image classification, and latency under load (Fig. 7a).
//!
//! Many connections ask for classifications, each after its last answer and a
//! random wait; the shorter the wait, the larger the load. The paper draws
//! median latency against throughput for several shares of cold starts.

use std::collections::BTreeMap;

use harness::{
    analysis::{Analysis, Axes, Figure, Measure, Series, SeriesPoint},
    estimate::mean,
};

use crate::support::{
    deployment::Mode,
    inference::{Inference, Point, Record, Trials, series_name, table, timed_ratio},
};

pub(crate) const TF_TPT: Inference = Inference { name: "tf-tpt", analyse };

fn analyse(trials: &Trials<'_>) -> anyhow::Result<Analysis> {
    let figures = vec![latency_by_throughput(trials)?];
    Ok(Analysis { table: table(trials)?, figures, measures: measures(trials)? })
}

fn throughputs(records: &[&Record]) -> Vec<f64> {
    records.iter().map(|record| record.throughput_per_s).collect()
}

/// The lines of Fig. 7a: an isolation at one share of cold starts.
fn lines(trials: &Trials<'_>) -> Vec<(Mode, u32)> {
    let mut lines: Vec<_> = trials.keys().map(|point| (point.mode, point.interval)).collect();
    lines.dedup();
    lines
}

fn of_line<'a, 'b>(
    trials: &'b Trials<'a>,
    (mode, interval): (Mode, u32),
) -> impl Iterator<Item = (&'b Point, &'b Vec<&'a Record>)> {
    trials.iter().filter(move |(point, _)| (point.mode, point.interval) == (mode, interval))
}

/// Fig. 7a.
fn latency_by_throughput(trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for line in lines(trials) {
        let mut points = Vec::new();
        for (_, records) in of_line(trials, line) {
            let medians: Vec<_> =
                records.iter().map(|record| record.latency.p50_us / 1e3).collect();
            let x = mean(&throughputs(records))?.value;
            points.push(SeriesPoint { x, y: mean(&medians)? });
        }
        points.sort_by(|one, other| one.x.total_cmp(&other.x));
        series.push(Series { name: series_name(line.0, line.1), points });
    }
    Ok(Figure {
        id: "fig7a-latency-by-throughput".into(),
        title: "Median latency of a classification".into(),
        x_label: "Throughput [1/s]".into(),
        y_label: "Median latency [ms]".into(),
        axes: Axes::default(),
        series,
    })
}

/// The throughput of wasm over that of native at each of native's shares of
/// cold starts, each at the load at which it is largest.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    let lines = lines(trials);
    let Some(wasm) = lines.iter().find(|(mode, _)| *mode == Mode::Wasm) else {
        return Ok(measures);
    };
    for native in lines.iter().filter(|(mode, _)| *mode == Mode::Native) {
        let cold = 100.0 / f64::from(native.1);
        let measure = timed_ratio(
            |record| record.throughput_per_s,
            busiest(trials, *wasm)?,
            busiest(trials, *native)?,
        )?;
        measures.insert(format!("throughput-ratio@cold={cold}%"), measure);
    }
    Ok(measures)
}

/// The trials of the point at which a line has its largest mean throughput.
fn busiest<'a, 'b>(
    trials: &'b Trials<'a>,
    line: (Mode, u32),
) -> anyhow::Result<&'b Vec<&'a Record>> {
    let mut busiest: Option<(f64, &Vec<&Record>)> = None;
    for (_, records) in of_line(trials, line) {
        let throughput = mean(&throughputs(records))?.value;
        if busiest.is_none_or(|(most, _)| throughput > most) {
            busiest = Some((throughput, records));
        }
    }
    let (_, records) = busiest.expect("a line has points");
    Ok(records)
}

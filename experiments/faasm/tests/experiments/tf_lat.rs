//! Latency of image classification, cold starts among it (Fig. 7b).
//!
//! One client asks one container, or one runtime, to classify a picture with
//! MobileNet. A container's cold start is simulated as in the original: every
//! so many calls it forgets the model and waits. The paper compares the
//! distribution of latencies.

use std::collections::BTreeMap;

use harness::{
    analysis::{Analysis, Axes, Figure, Measure, Scale, Series, SeriesPoint},
    estimate::{mean, single},
};

use crate::support::{
    deployment::Mode,
    inference::{Inference, Record, Trials, series_name, table, timed_ratio},
};

pub(crate) const TF_LAT: Inference = Inference { name: "tf-lat", analyse };

fn analyse(trials: &Trials<'_>) -> anyhow::Result<Analysis> {
    let figures = vec![distribution(trials)?];
    Ok(Analysis { table: table(trials)?, figures, measures: measures(trials)? })
}

/// Fig. 7b: which share of calls took at most how long.
fn distribution(trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for (point, records) in trials {
        let mut points = Vec::new();
        for percent in 1..=99_usize {
            let at_us = |record: &&Record| record.percentiles_us.get(percent - 1).copied();
            let samples: Vec<_> = records.iter().filter_map(at_us).collect();
            let x = mean(&samples)?.value / 1e3;
            points.push(SeriesPoint { x, y: single(percent as f64) });
        }
        series.push(Series { name: series_name(point.mode, point.interval), points });
    }
    Ok(Figure {
        id: "fig7b-latency-distribution".into(),
        title: "Latency of a classification".into(),
        x_label: "Latency [ms]".into(),
        y_label: "Calls [%]".into(),
        // A cold start takes a hundred times as long as a warm call.
        axes: Axes { x: Scale::Logarithmic, y: Scale::Linear },
        series,
    })
}

/// Wasm over native at each of native's shares of cold starts.
fn measures(trials: &Trials<'_>) -> anyhow::Result<BTreeMap<String, Measure>> {
    let mut measures = BTreeMap::new();
    let Some((_, wasm)) = trials.iter().find(|(point, _)| point.mode == Mode::Wasm) else {
        return Ok(measures);
    };
    for (point, native) in trials.iter().filter(|(point, _)| point.mode == Mode::Native) {
        let cold = point.cold_percent();
        let median = timed_ratio(|record| record.latency.p50_us, wasm, native)?;
        let tail = timed_ratio(|record| record.latency.p99_us, wasm, native)?;
        measures.insert(format!("p50-ratio@cold={cold}%"), median);
        measures.insert(format!("p99-ratio@cold={cold}%"), tail);
    }
    Ok(measures)
}

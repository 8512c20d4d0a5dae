//! The panels of Fig. 9 and 10, by the names that the original gives them.

use std::collections::BTreeMap;

use clockwork::{
    roles::Observed,
    telemetry::{Point, Series as OverTime, Sides, Tails},
};
use harness::{
    analysis::{Axes, Figure, Scale, Series, SeriesPoint},
    estimate::{mean, single},
};

/// Of more points than this none has an error bar: they would hide the lines.
const BARS_UP_TO: usize = 40;

/// What the figures are drawn of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn<'a> {
    /// Fig. 9.
    pub(crate) series: &'a OverTime,
    /// Fig. 10.
    pub(crate) tails: &'a Tails,
}

impl<'a> From<&'a Observed> for Drawn<'a> {
    fn from(run: &'a Observed) -> Self {
        Self { series: &run.series, tails: &run.tails }
    }
}

/// The trials of each number of workers.
type Trials<'a> = BTreeMap<u32, Vec<Drawn<'a>>>;

/// A line of Fig. 9.
type Line = (&'static str, fn(&Point) -> f64);

/// A panel of Fig. 9.
struct Panel {
    id: &'static str,
    title: &'static str,
    y_label: &'static str,
    lines: &'static [Line],
}

const PANELS: [Panel; 5] = [
    Panel {
        id: "9a_throughput",
        title: "Throughput and goodput",
        y_label: "Throughput [1/s]",
        lines: &[("Goodput", |at| at.goodput), ("Throughput", |at| at.throughput)],
    },
    Panel {
        id: "9b_timeseries_latency",
        title: "Latency",
        y_label: "Latency [ms]",
        lines: &[
            ("Median", |at| at.latency_median_ms),
            ("99 %", |at| at.latency_p99_ms),
            ("Maximum", |at| at.latency_max_ms),
        ],
    },
    Panel {
        id: "9c_timeseries_batchsize",
        title: "Batch size",
        y_label: "Batch size",
        lines: &[("Mean", |at| at.batch_size_mean)],
    },
    Panel {
        id: "9d_timeseries_coldmodels",
        title: "Models with a cold start",
        y_label: "Cold models",
        lines: &[("Total", |at| at.cold_models as f64)],
    },
    Panel {
        id: "9e_timeseries_coldstarts",
        title: "Cold starts",
        y_label: "Throughput [1/s]",
        lines: &[("Cold starts", |at| at.cold_starts)],
    },
];

/// A panel of Fig. 10: its name, its title, and both sides of its error.
type ErrorPanel = (&'static str, &'static str, fn(&Tails) -> &Sides<Vec<f64>>);

const ERROR_PANELS: [ErrorPanel; 4] = [
    ("10_tl_infer_prediction_error", "INFER: duration against prediction", |tails| {
        &tails.ms.infer_prediction
    }),
    ("10_tr_load_prediction_error", "LOAD: duration against prediction", |tails| {
        &tails.ms.load_prediction
    }),
    ("10_bl_infer_completion_error", "INFER: completion against prediction", |tails| {
        &tails.ms.infer_completion
    }),
    ("10_br_load_completion_error", "LOAD: completion against prediction", |tails| {
        &tails.ms.load_completion
    }),
];

/// All nine.
pub(crate) fn figures(trials: &Trials<'_>) -> anyhow::Result<Vec<Figure>> {
    let over_time = PANELS.iter().map(|panel| over_time(panel, trials));
    let mut figures = over_time.collect::<anyhow::Result<Vec<_>>>()?;
    figures.extend(ERROR_PANELS.iter().map(|panel| errors(panel, trials)));
    Ok(figures)
}

fn over_time(panel: &Panel, trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for (workers, runs) in trials {
        for (name, of) in panel.lines {
            let points = mean_line(runs, *of)?;
            series.push(Series { name: series_name(name, *workers, trials), points });
        }
    }
    Ok(Figure {
        id: panel.id.into(),
        title: panel.title.into(),
        x_label: "Time [min]".into(),
        y_label: panel.y_label.into(),
        axes: Axes::default(),
        series,
    })
}

/// Each bucket's mean over the trials that have it.
fn mean_line(runs: &[Drawn<'_>], of: fn(&Point) -> f64) -> anyhow::Result<Vec<SeriesPoint>> {
    let n_points = runs.iter().map(|run| run.series.points.len()).max().unwrap_or(0);
    let at = |index| {
        let points = runs.iter().filter_map(move |run| run.series.points.get(index));
        let x = points.clone().map(|point: &Point| point.t_min).next().unwrap_or_default();
        let y = mean(&points.map(of).collect::<Vec<_>>())?;
        let y = if n_points > BARS_UP_TO { single(y.value) } else { y };
        Ok(SeriesPoint { x, y })
    };
    (0..n_points).map(at).collect()
}

/// Those of the first trial: quantiles of several do not add up. The original calls the
/// longer ones "over" in its tables and draws them as
/// "Overpredict"; here the sides say what they are.
fn errors((id, title, of): &ErrorPanel, trials: &Trials<'_>) -> Figure {
    let mut series = Vec::new();
    for (workers, runs) in trials {
        let Some(run) = runs.first() else { continue };
        let Sides { longer, shorter } = of(run.tails);
        for (name, errors_ms) in
            [("Later than predicted", longer), ("Earlier than predicted", shorter)]
        {
            let levels = run.tails.y.iter().map(|nines| 100.0 - 10f64.powf(2.0 - nines));
            let points = errors_ms.iter().zip(levels);
            let points = points.map(|(x, level)| SeriesPoint { x: *x, y: single(level) });
            let name = series_name(name, *workers, trials);
            series.push(Series { name, points: points.collect() });
        }
    }
    Figure {
        id: (*id).into(),
        title: (*title).into(),
        x_label: "Error [ms]".into(),
        y_label: "Percentile".into(),
        axes: Axes { x: Scale::Linear, y: Scale::Percentile },
        series,
    }
}

fn series_name(name: &str, workers: u32, trials: &Trials<'_>) -> String {
    if trials.len() == 1 { name.to_owned() } else { format!("{name}, {workers} workers") }
}

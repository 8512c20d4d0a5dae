//! The panels of Fig. 6, by the names that the original gives them, and how many models
//! there were.

use clockwork::telemetry::GroupPoint;
use harness::analysis::{Axes, Figure, Series};

use super::analysis::{MAJORS, MINOR, Trials};
use crate::support::groups::mean_line;

/// A line: its name, whose it is, and what it shows.
type Line = (&'static str, &'static str, fn(&GroupPoint) -> f64);

/// A panel.
struct Panel {
    id: &'static str,
    title: &'static str,
    y_label: &'static str,
    lines: &'static [Line],
}

const PANELS: [Panel; 6] = [
    Panel {
        id: "6a-goodput",
        title: "Goodput",
        y_label: "Goodput [1/s]",
        lines: &[("Majors", MAJORS, |at| at.all.goodput), ("Minor", MINOR, |at| at.all.goodput)],
    },
    Panel {
        id: "6b-latency",
        title: "Latency, of all requests",
        y_label: "Latency [ms]",
        lines: &[
            ("Majors, median", MAJORS, |at| at.all.latency_median_ms),
            ("Minor, median", MINOR, |at| at.all.latency_median_ms),
            ("Minor, 99 %", MINOR, |at| at.all.latency_p99_ms),
        ],
    },
    Panel {
        id: "6c-coldstarts",
        title: "Cold starts",
        y_label: "Throughput [1/s]",
        lines: &[
            ("Majors", MAJORS, |at| at.all.cold_starts),
            ("Minor", MINOR, |at| at.all.cold_starts),
        ],
    },
    Panel {
        id: "6d-pci",
        title: "Copies of weights to GPUs",
        y_label: "Links busy",
        lines: &[("Majors", MAJORS, |at| at.links_busy), ("Minor", MINOR, |at| at.links_busy)],
    },
    Panel {
        id: "6e-gpu",
        title: "Executions",
        y_label: "GPUs busy",
        lines: &[("Majors", MAJORS, |at| at.gpus_busy), ("Minor", MINOR, |at| at.gpus_busy)],
    },
    Panel {
        id: "6-models",
        title: "Major models that are asked, and that are on a GPU",
        y_label: "Models",
        lines: &[
            ("Asked", MAJORS, |at| at.active_models as f64),
            ("Loaded", MAJORS, |at| at.loaded_copies as f64),
        ],
    },
];

/// All six.
pub(super) fn figures(trials: &Trials<'_>) -> anyhow::Result<Vec<Figure>> {
    PANELS.iter().map(|panel| figure(panel, trials)).collect()
}

fn figure(panel: &Panel, trials: &Trials<'_>) -> anyhow::Result<Figure> {
    let mut series = Vec::new();
    for (workers, runs) in trials {
        for (name, group, of) in panel.lines {
            let name = match trials.len() {
                1 => (*name).to_owned(),
                _ => format!("{name}, {workers} workers"),
            };
            series.push(Series { name, points: mean_line(runs, group, *of)? });
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

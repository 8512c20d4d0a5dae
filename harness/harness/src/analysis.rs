//! What an experiment's records come to: a table, figures, named measures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stats::Estimate;

/// The result of [`crate::Experiment::analyse`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// One row per point.
    pub table: Table,
    /// The figures, in the paper's order.
    pub figures: Vec<Figure>,
    /// The quantities that claims refer to, by name.
    pub measures: BTreeMap<String, Measure>,
}

/// A named quantity with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The quantity.
    pub estimate: Estimate,
    /// Its unit; `1` if it is a ratio or a count.
    pub unit: String,
    /// What it rests on.
    pub basis: Basis,
}

/// What a measure rests on, which says how far it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Things counted, such as bytes sent: every machine finds about the same,
    /// so the committed snapshot may hold it.
    Counted,
    /// Memory: depends on the machine's kernel and libraries.
    Memory,
    /// Time, or what follows from how processes interleave: depends on the
    /// machine, and means nothing in an unoptimised build.
    Timed,
    /// How many of something came in time, or what follows from that: as
    /// [`Basis::Timed`], but all trials may well agree, as when none is late.
    InTime,
}

/// A table whose cells know their unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Column heads, with units in brackets where there are any.
    pub columns: Vec<String>,
    /// Rows of as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// A word, such as a mode.
    Text(String),
    /// A count without spread.
    Count(u64),
    /// A measured quantity.
    Measured(Estimate),
}

/// A figure as the paper draws it: lines over a numeric axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// File name without extension: the paper's figure, then what it shows,
    /// such as `fig6a-training-time`, or the name that the original gives it, such as
    /// `9a_throughput`.
    pub id: String,
    /// Caption.
    pub title: String,
    /// Horizontal axis with its unit.
    pub x_label: String,
    /// Vertical axis with its unit.
    pub y_label: String,
    /// How the axes are divided.
    #[serde(default)]
    pub axes: Axes,
    /// The lines.
    pub series: Vec<Series>,
}

/// How the axes of a figure are divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Axes {
    /// The horizontal one.
    pub x: Scale,
    /// The vertical one.
    pub y: Scale,
}

/// How values become lengths along an axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long; only positive values have a place.
    Logarithmic,
    /// For percentiles: each further nine is as long as the last. Values from 0 to
    /// below 100 have a place.
    Percentile,
}

/// One line of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Legend.
    pub name: String,
    /// Points from left to right.
    pub points: Vec<SeriesPoint>,
}

/// One point of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesPoint {
    /// Position.
    pub x: f64,
    /// Height with its interval.
    pub y: Estimate,
}

impl Figure {
    /// Whether it is our version of `figure`, such as `Fig. 6a`, of the paper.
    #[must_use]
    pub fn is_of(&self, figure: &str) -> bool {
        let figure: String = figure.chars().filter(char::is_ascii_alphanumeric).collect();
        let own = self.id.split(['-', '_']).next().unwrap_or_default();
        let own = own.strip_prefix("fig").unwrap_or(own);
        let figure = figure.strip_prefix("Fig").unwrap_or(&figure);
        !figure.is_empty() && own.eq_ignore_ascii_case(figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, figure: &str, is_of: bool) {
        let (title, x_label, y_label, axes, series) = Default::default();
        let own = Figure { id: id.into(), title, x_label, y_label, axes, series };
        assert_eq!(own.is_of(figure), is_of);
    }

    #[test]
    fn a_figure_is_found_by_the_papers_name_of_it() {
        check("fig6a-training-time", "Fig. 6a", true);
        check("fig6a", "Fig. 6a", true);
        check("9a_throughput", "Fig. 9a", true);
        check("fig6a-training-time", "Fig. 6", false);
        check("fig12-latency", "Fig. 1", false);
        check("table2-overhead", "Table 2", true);
        check("loss-by-epoch", "Abstract", false);
        check("loss-by-epoch", "§6.2", false);
    }
}

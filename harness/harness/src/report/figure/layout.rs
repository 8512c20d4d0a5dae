//! Where the parts of a figure stand: legend above, plot, labels around it.

use super::{
    axis::{Axis, Shown, Tick},
    canvas::{Place, SIZE},
    helvetica::width,
};
use crate::analysis::{Axes, Figure, Scale, Series, SeriesPoint};

/// Size of labels and legend, in tenths of a point.
pub(super) const LABEL: f64 = 88.0;
/// Size of the numbers along the axes.
pub(super) const TICK_LABEL: f64 = 80.0;
/// How far ticks stick out.
pub(super) const TICK: i32 = 30;
/// Between a tick and its number.
pub(super) const TICK_GAP: i32 = 24;
/// Length of the line beside a name in the legend.
pub(super) const SAMPLE: i32 = 180;
/// Between that line and the name.
pub(super) const SAMPLE_GAP: i32 = 40;

const EDGE: i32 = 40;
const ENTRY_GAP: i32 = 100;
const ROW: i32 = 125;
/// Between series that share a position, at most.
const BESIDE: f64 = 30.0;
/// The share of the room between two positions that all series of one take.
const CROWD: f64 = 0.6;
/// Share of the horizontal axis that stays free beyond the last point.
const CLEARANCE: f64 = 0.025;

/// The parts' places.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Edges of the plot.
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
    /// Horizontal axis.
    pub(super) x: Axis,
    /// Vertical axis.
    pub(super) y: Axis,
    /// Where each series' line in the legend begins, at half its height.
    pub(super) legend: Vec<Place>,
    /// Between a series and the next where they share a position, so that no
    /// error bar hides another.
    beside: f64,
}

/// The points of a series that have a place; what is no number has none.
pub(super) fn placed(series: &Series, axes: Axes) -> impl Iterator<Item = &SeriesPoint> {
    let points = series.points.iter();
    points.filter(move |point| axes.x.holds(point.x) && axes.y.holds(point.y.value))
}

fn all_placed(figure: &Figure) -> impl Iterator<Item = &SeriesPoint> {
    figure.series.iter().flat_map(|series| placed(series, figure.axes))
}

impl Layout {
    /// The layout of `figure`.
    pub(super) fn of(figure: &Figure) -> Self {
        let (x, y) = (x_axis(figure), y_axis(figure));
        let widest = y.ticks.iter().map(|tick| width(&tick.label, TICK_LABEL)).fold(0.0, f64::max);
        let left = EDGE + LABEL as i32 + 55 + widest as i32 + TICK_GAP + TICK;
        let right = SIZE.0 as i32 - EDGE - half_of_last(&x.ticks);
        let bottom = SIZE.1 as i32 - EDGE - LABEL as i32 - 60 - TICK_LABEL as i32 - TICK_GAP - TICK;
        let (legend, top) = legend(figure, left, right);
        let beside = beside(figure, |position| x.share(position) * f64::from(right - left));
        Self { left, right, top, bottom, x, y, legend, beside }
    }

    /// Where the series of that index, of `n_series`, has a value.
    pub(super) fn place_of(&self, (index, n_series): (usize, usize), x: f64, y: f64) -> Place {
        let from_middle = index as f64 - (n_series as f64 - 1.0) / 2.0;
        let (across, down) = self.place(x, y);
        (across + (from_middle * self.beside).round() as i32, down)
    }

    /// Where a value stands.
    pub(super) fn place(&self, x: f64, y: f64) -> Place {
        let across = self.x.share(x) * f64::from(self.right - self.left);
        let up = self.y.share(y) * f64::from(self.bottom - self.top);
        (self.left + across.round() as i32, self.bottom - up.round() as i32)
    }
}

/// The size at which `text` fits into `room`.
pub(super) fn fitting(text: &str, room: i32, size: f64) -> f64 {
    let wanted = width(text, size);
    if wanted > f64::from(room) { size * f64::from(room) / wanted } else { size }
}

fn half_of_last(ticks: &[Tick]) -> i32 {
    ticks.last().map_or(0, |tick| (width(&tick.label, TICK_LABEL) / 2.0) as i32)
}

fn x_axis(figure: &Figure) -> Axis {
    let xs = || all_placed(figure).map(|point| point.x);
    let values = extent(xs()).unwrap_or((0.0, 1.0));
    if values.0 == values.1 {
        return Axis::around(values.0);
    }
    let whole = xs().all(|x| x.fract() == 0.0);
    let shown = Shown { values, bars: values, whole, n_ticks: 8 };
    // The last marker stands clear of the edge.
    axis(figure.axes.x, shown).with_clearance(values.1, CLEARANCE)
}

fn y_axis(figure: &Figure) -> Axis {
    let ys = || all_placed(figure).map(|point| point.y);
    let Some(values) = extent(ys().map(|y| y.value)) else {
        return Axis::for_values(Shown {
            values: (0.0, 1.0),
            bars: (0.0, 1.0),
            whole: false,
            n_ticks: 6,
        });
    };
    let ends = ys().filter_map(|y| y.interval).flat_map(|interval| [interval.low, interval.high]);
    let bars = extent(ends.filter(|end| end.is_finite())).unwrap_or(values);
    axis(figure.axes.y, Shown { values, bars, whole: false, n_ticks: 6 })
}

fn axis(scale: Scale, shown: Shown) -> Axis {
    match scale {
        Scale::Linear => Axis::for_values(shown),
        Scale::Logarithmic => Axis::logarithmic(shown),
        Scale::Percentile => Axis::percentiles(shown),
    }
}

/// How far series stand apart; `across` is where a position lies. Without error
/// bars nothing is hidden that a line would not show.
fn beside(figure: &Figure, across: impl Fn(f64) -> f64) -> f64 {
    let has_bars =
        all_placed(figure).any(|point| point.y.interval.is_some_and(|bar| bar.width() > 0.0));
    if !has_bars {
        return 0.0;
    }
    let mut xs: Vec<f64> = all_placed(figure).map(|point| point.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let gaps = xs.windows(2).map(|pair| across(pair[1]) - across(pair[0]));
    gaps.fold(BESIDE, |beside, gap| beside.min(gap * CROWD / figure.series.len() as f64))
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// Rows of entries above the plot, and where the plot begins below them.
fn legend(figure: &Figure, left: i32, right: i32) -> (Vec<Place>, i32) {
    let mut places = Vec::new();
    let (mut x, mut y) = (left, EDGE + ROW / 2);
    for series in &figure.series {
        let entry = SAMPLE + SAMPLE_GAP + width(&series.name, LABEL) as i32;
        if x > left && x + entry > right {
            (x, y) = (left, y + ROW);
        }
        places.push((x, y));
        x += entry + ENTRY_GAP;
    }
    (places, y + ROW / 2 + 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn places(xs: &[f64], n_series: usize) -> Vec<Place> {
        let names = vec!["a"; n_series];
        let layout = Layout::of(&samples::figure(&names, xs, |_, x| x));
        (0..n_series).map(|index| layout.place_of((index, n_series), xs[0], 1.0)).collect()
    }

    #[test]
    fn series_with_error_bars_stand_side_by_side_about_their_position() {
        let [left, middle, right] = places(&[1.0, 2.0], 3)[..] else { panic!("three series") };
        assert_eq!((middle.0 - left.0, right.0 - middle.0), (30, 30));
        let alone = places(&[1.0, 2.0], 1)[0];
        assert_eq!(middle, alone);
    }

    #[test]
    fn where_positions_are_close_series_do_not_reach_the_next_one() {
        let xs: Vec<f64> = (0..100).map(f64::from).collect();
        let [left, right] = places(&xs, 2)[..] else { panic!("two series") };
        let layout = Layout::of(&samples::figure(&["a"], &xs, |_, x| x));
        let gap = layout.place(1.0, 1.0).0 - layout.place(0.0, 1.0).0;
        assert!(right.0 - left.0 < gap, "{left:?} {right:?} of {gap}");
    }

    #[test]
    fn a_single_position_stands_in_the_middle() {
        let layout = Layout::of(&samples::figure(&["a"], &[38.0], |_, x| x));
        let labels: Vec<_> = layout.x.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["38"]);
        let from_middle = layout.place(38.0, 0.0).0 - i32::midpoint(layout.left, layout.right);
        assert!(from_middle.abs() <= 1, "{from_middle} beside it, more than a rounding");
    }
}

//! Where the parts of a figure stand: legend above, plot, labels around it.

use super::{
    axis::{Axis, Shown, Tick},
    canvas::{Place, SIZE},
    helvetica::width,
};
use crate::analysis::{Figure, Series, SeriesPoint};

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
}

/// The points of a series that have a place; what is no number has none.
pub(super) fn placed(series: &Series) -> impl Iterator<Item = &SeriesPoint> {
    series.points.iter().filter(|point| point.x.is_finite() && point.y.value.is_finite())
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
        Self { left, right, top, bottom, x, y, legend }
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
    let xs = || figure.series.iter().flat_map(placed).map(|point| point.x);
    let values = extent(xs()).unwrap_or((0.0, 1.0));
    let whole = xs().all(|x| x.fract() == 0.0);
    let mut axis = Axis::for_values(Shown { values, bars: values, whole, n_ticks: 8 });
    // The last marker stands clear of the edge.
    axis.high = axis.high.max(values.1 + CLEARANCE * (axis.high - axis.low));
    axis
}

fn y_axis(figure: &Figure) -> Axis {
    let ys = || figure.series.iter().flat_map(placed).map(|point| point.y);
    let values = extent(ys().map(|y| y.value)).unwrap_or((0.0, 1.0));
    let ends = ys().filter_map(|y| y.interval).flat_map(|interval| [interval.low, interval.high]);
    let bars = extent(ends.filter(|end| end.is_finite())).unwrap_or(values);
    Axis::for_values(Shown { values, bars, whole: false, n_ticks: 6 })
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

//! Draws a figure: axes, lines, error bars, markers, legend.

use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, DrawingBackend};

use super::{
    axis::Axis,
    canvas::{Canvas, Drawn, Pen, Place, SIZE, Words},
    layout::{LABEL, Layout, SAMPLE, SAMPLE_GAP, TICK, TICK_GAP, TICK_LABEL, fitting, placed},
    marker::Look,
};
use crate::analysis::{Figure, SeriesPoint};

const AXIS: Pen = Pen { color: gray(60), width: 8 };
const GRID: Pen = Pen { color: gray(228), width: 6 };
const LINE_WIDTH: u32 = 14;
const BAR_WIDTH: u32 = 9;
/// A line of more points, such as a distribution, has a marker at some of them.
const MARKERS_MAX: usize = 20;
/// Half the width of the cap of an error bar.
const CAP: i32 = 22;

/// Draws `figure` on a backend of [`SIZE`].
pub(super) fn draw<B: DrawingBackend>(backend: &mut B, figure: &Figure) -> Drawn<B> {
    let layout = Layout::of(figure);
    let mut canvas = Canvas(backend);
    canvas.rectangle((0, 0), (SIZE.0 as i32, SIZE.1 as i32), gray(255))?;
    vertical_axis(&mut canvas, &layout, &figure.y_label)?;
    horizontal_axis(&mut canvas, &layout, &figure.x_label)?;
    let n_series = figure.series.len();
    for (i, series) in figure.series.iter().enumerate() {
        let place = |x, y| layout.place_of((i, n_series), x, y);
        let points: Vec<_> = placed(series, figure.axes).collect();
        lines(&mut canvas, &layout.y, &points, place, Look::of(i))?;
    }
    // Markers come last: no line of another series hides one.
    for (i, series) in figure.series.iter().enumerate() {
        let every = placed(series, figure.axes).count().div_ceil(MARKERS_MAX).max(1);
        for point in placed(series, figure.axes).step_by(every) {
            let place = layout.place_of((i, n_series), point.x, point.y.value);
            Look::of(i).mark(&mut canvas, place)?;
        }
        entry(&mut canvas, &layout, &series.name, Look::of(i), layout.legend[i])?;
    }
    backend.present()
}

fn vertical_axis<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    layout: &Layout,
    label: &str,
) -> Drawn<B> {
    let number = words(TICK_LABEL, HPos::Right, VPos::Center);
    for tick in &layout.y.ticks {
        let (_, y) = layout.place(layout.x.low, tick.at);
        canvas.line((layout.left, y), (layout.right, y), GRID)?;
        canvas.line((layout.left - TICK, y), (layout.left, y), AXIS)?;
        canvas.words(&tick.label, (layout.left - TICK - TICK_GAP, y), number)?;
    }
    canvas.line((layout.left, layout.top), (layout.left, layout.bottom), AXIS)?;
    let room = SIZE.1 as i32 - 80;
    let middle = i32::midpoint(layout.top, layout.bottom);
    let size = fitting(label, room, LABEL);
    // A label longer than the axis is centred on the canvas instead.
    let is_long = super::helvetica::width(label, size) > f64::from(layout.bottom - layout.top);
    let y = if is_long { SIZE.1 as i32 / 2 } else { middle };
    let upwards = Words { upwards: true, ..words(size, HPos::Center, VPos::Top) };
    canvas.words(label, (30, y), upwards)
}

fn horizontal_axis<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    layout: &Layout,
    label: &str,
) -> Drawn<B> {
    let number = words(TICK_LABEL, HPos::Center, VPos::Top);
    for tick in &layout.x.ticks {
        let (x, _) = layout.place(tick.at, layout.y.low);
        canvas.line((x, layout.bottom), (x, layout.bottom + TICK), AXIS)?;
        canvas.words(&tick.label, (x, layout.bottom + TICK + TICK_GAP), number)?;
    }
    canvas.line((layout.left, layout.bottom), (layout.right, layout.bottom), AXIS)?;
    let size = fitting(label, layout.right - layout.left, LABEL);
    let middle = i32::midpoint(layout.left, layout.right);
    let below = layout.bottom + TICK + TICK_GAP + TICK_LABEL as i32 + 40;
    canvas.words(label, (middle, below), words(size, HPos::Center, VPos::Top))
}

fn lines<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    y_axis: &Axis,
    points: &[&SeriesPoint],
    place: impl Fn(f64, f64) -> Place,
    look: Look,
) -> Drawn<B> {
    let places: Vec<_> = points.iter().map(|point| place(point.x, point.y.value)).collect();
    if places.len() > 1 {
        canvas.path(places, Pen { color: look.color, width: LINE_WIDTH })?;
    }
    for point in points {
        let pen = Pen { color: look.color, width: BAR_WIDTH };
        error_bar(canvas, y_axis, point, &place, pen)?;
    }
    Ok(())
}

/// A bar that leaves the plot ends at its edge, without a cap.
fn error_bar<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    y_axis: &Axis,
    point: &SeriesPoint,
    place: impl Fn(f64, f64) -> Place,
    pen: Pen,
) -> Drawn<B> {
    let Some(interval) = point.y.interval.filter(|interval| interval.width() > 0.0) else {
        return Ok(());
    };
    let ends = [interval.low, interval.high];
    let within = ends.map(|end| end.clamp(y_axis.low, y_axis.high));
    let [low, high] = within.map(|end| place(point.x, end));
    canvas.line(low, high, pen)?;
    for (end, (x, y)) in ends.into_iter().zip([low, high]) {
        if (y_axis.low..=y_axis.high).contains(&end) {
            canvas.line((x - CAP, y), (x + CAP, y), pen)?;
        }
    }
    Ok(())
}

fn entry<B: DrawingBackend>(
    canvas: &mut Canvas<'_, B>,
    layout: &Layout,
    name: &str,
    look: Look,
    (x, y): Place,
) -> Drawn<B> {
    let pen = Pen { color: look.color, width: LINE_WIDTH };
    canvas.line((x, y), (x + SAMPLE, y), pen)?;
    look.mark(canvas, (x + SAMPLE / 2, y))?;
    let beside = x + SAMPLE + SAMPLE_GAP;
    let size = fitting(name, layout.right - beside, LABEL);
    canvas.words(name, (beside, y), words(size, HPos::Left, VPos::Center))
}

fn words(size: f64, horizontally: HPos, vertically: VPos) -> Words {
    Words { size, horizontally, vertically, upwards: false }
}

const fn gray(level: u8) -> BackendColor {
    BackendColor { alpha: 1.0, rgb: (level, level, level) }
}

//! The few shapes that a figure is made of, on any backend.

use plotters::{
    prelude::{BLACK, IntoFont as _},
    style::{
        FontTransform,
        text_anchor::{HPos, Pos, VPos},
    },
};
use plotters_backend::{BackendColor, BackendStyle, DrawingBackend, DrawingErrorKind};

/// A place on the canvas: tenths of a point from the upper left corner.
pub(super) type Place = (i32, i32);

/// The canvas: 12 by 8 cm, in tenths of a point.
pub(super) const SIZE: (u32, u32) = (3402, 2268);

/// Asked for in this order.
const FONT: &str = "Helvetica, Arial, sans-serif";
/// Between plotters' size of a font and the size of its letters.
pub(super) const PLOTTERS_FONT_SCALE: f64 = 1.24;

pub(super) type Drawn<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

/// What lines are drawn with.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) color: BackendColor,
    pub(super) width: u32,
}

impl BackendStyle for Pen {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

/// How words stand at their place.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) size: f64,
    pub(super) horizontally: HPos,
    pub(super) vertically: VPos,
    pub(super) upwards: bool,
}

/// Draws on a backend.
pub(super) struct Canvas<'a, B: DrawingBackend>(pub(super) &'a mut B);

impl<B: DrawingBackend> Canvas<'_, B> {
    pub(super) fn line(&mut self, from: Place, to: Place, pen: Pen) -> Drawn<B> {
        self.0.draw_line(from, to, &pen)
    }

    pub(super) fn path(&mut self, places: Vec<Place>, pen: Pen) -> Drawn<B> {
        self.0.draw_path(places, &pen)
    }

    pub(super) fn fill(&mut self, corners: Vec<Place>, color: BackendColor) -> Drawn<B> {
        self.0.fill_polygon(corners, &color)
    }

    pub(super) fn disc(&mut self, center: Place, radius: u32, color: BackendColor) -> Drawn<B> {
        self.0.draw_circle(center, radius, &color, true)
    }

    pub(super) fn ring(&mut self, center: Place, radius: u32, pen: Pen) -> Drawn<B> {
        self.0.draw_circle(center, radius, &pen, false)
    }

    pub(super) fn rectangle(&mut self, from: Place, to: Place, color: BackendColor) -> Drawn<B> {
        self.0.draw_rect(from, to, &color, true)
    }

    pub(super) fn words(&mut self, text: &str, place: Place, words: Words) -> Drawn<B> {
        let transform = if words.upwards { FontTransform::Rotate270 } else { FontTransform::None };
        let style = (FONT, words.size * PLOTTERS_FONT_SCALE)
            .into_font()
            .transform(transform)
            .color(&BLACK)
            .pos(Pos::new(words.horizontally, words.vertically));
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.0.draw_text(&text, &style, place)
    }
}

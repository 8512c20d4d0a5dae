//! Figures as the paper draws them, as SVG and as PDF from the same code.

mod axis;
mod canvas;
mod draw;
mod helvetica;
mod layout;
mod marker;
mod pdf;
mod scale;
mod svg;

pub(super) use pdf::pdf;
pub(super) use svg::svg;

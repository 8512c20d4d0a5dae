//! A figure as PDF: a backend for plotters that writes a page's operators.
//!
//! Text is set in Helvetica, one of the fonts that every PDF reader brings. So
//! nothing is embedded, no font of this machine is looked for, and the same
//! figure gives the same bytes everywhere.

use std::convert::Infallible;

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
    text_anchor::{HPos, VPos},
};

use super::{
    canvas::{PLOTTERS_FONT_SCALE, SIZE},
    draw::draw,
    helvetica::{width, win_ansi},
};
use crate::analysis::Figure;

/// Points per unit of the canvas.
const SCALE: f32 = 0.1;
const FONT: Name<'static> = Name(b"F1");
/// How far the control points of a quarter circle lie from its ends.
const KAPPA: f32 = 0.552_285;

/// The figure as a PDF document of one page of 12 by 8 cm.
pub(crate) fn pdf(figure: &Figure) -> Vec<u8> {
    let mut page = PdfPage::new();
    match draw(&mut page, figure) {
        Ok(()) => document(&figure.title, page.content),
        Err(DrawingErrorKind::DrawingError(never)) => match never {},
        Err(DrawingErrorKind::FontError(error)) => {
            unreachable!("this backend asks for no font: {error}")
        }
    }
}

fn document(title: &str, content: Content) -> Vec<u8> {
    let [catalog, pages, page, font, stream, info] = [1, 2, 3, 4, 5, 6].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut entry = pdf.page(page);
    entry.parent(pages).contents(stream);
    entry.media_box(Rect::new(0.0, 0.0, SIZE.0 as f32 * SCALE, SIZE.1 as f32 * SCALE));
    entry.resources().fonts().pair(FONT, font);
    entry.finish();
    pdf.type1_font(font)
        .base_font(Name(b"Helvetica"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    pdf.stream(stream, &content.finish());
    pdf.document_info(info).title(TextStr(title));
    pdf.finish()
}

/// The page that is being drawn.
struct PdfPage {
    content: Content,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl PdfPage {
    /// A page whose unit and origin are those of the canvas.
    fn new() -> Self {
        let mut content = Content::new();
        content.transform([SCALE, 0.0, 0.0, -SCALE, 0.0, SIZE.1 as f32 * SCALE]);
        content.set_line_join(pdf_writer::types::LineJoinStyle::RoundJoin);
        Self { content }
    }

    fn pen(&mut self, style: &impl BackendStyle) {
        let [r, g, b] = components(style.color());
        self.content.set_stroke_rgb(r, g, b).set_line_width(style.stroke_width() as f32);
    }

    fn brush(&mut self, color: BackendColor) {
        let [r, g, b] = components(color);
        self.content.set_fill_rgb(r, g, b);
    }

    fn trace(&mut self, places: impl IntoIterator<Item = BackendCoord>) {
        for (i, place) in places.into_iter().enumerate() {
            let (x, y) = floats(place);
            if i == 0 {
                self.content.move_to(x, y)
            } else {
                self.content.line_to(x, y)
            };
        }
    }

    fn circle(&mut self, center: BackendCoord, radius: u32) {
        let ((x, y), r) = (floats(center), radius as f32);
        let k = KAPPA * r;
        self.content
            .move_to(x + r, y)
            .cubic_to(x + r, y + k, x + k, y + r, x, y + r)
            .cubic_to(x - k, y + r, x - r, y + k, x - r, y)
            .cubic_to(x - r, y - k, x - k, y - r, x, y - r)
            .cubic_to(x + k, y - r, x + r, y - k, x + r, y)
            .close_path();
    }
}

impl DrawingBackend for PdfPage {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        SIZE
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        if fill {
            return self.fill_polygon(corners, style);
        }
        self.draw_path(corners.into_iter().chain([(x0, y0)]), style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.pen(style);
        self.trace(path);
        self.content.stroke();
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.brush(style.color());
        self.pen(style);
        self.circle(center, radius);
        if fill {
            self.content.fill_nonzero();
        } else {
            self.content.stroke();
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.brush(style.color());
        self.trace(corners);
        self.content.close_path().fill_nonzero();
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> Drawn {
        let size = style.size() / PLOTTERS_FONT_SCALE;
        let (along, down) = offset(text, style, size);
        let (x, y) = floats(place);
        // The canvas counts downwards, so upright letters are turned over once.
        let matrix = match style.transform() {
            FontTransform::None => [1.0, 0.0, 0.0, -1.0, x + along, y + down],
            FontTransform::Rotate90 => [0.0, 1.0, 1.0, 0.0, x - down, y + along],
            FontTransform::Rotate180 => [-1.0, 0.0, 0.0, 1.0, x - along, y - down],
            FontTransform::Rotate270 => [0.0, -1.0, -1.0, 0.0, x + down, y - along],
        };
        self.brush(style.color());
        self.content
            .begin_text()
            .set_font(FONT, size as f32)
            .set_text_matrix(matrix)
            .show(Str(&win_ansi(text)))
            .end_text();
        Ok(())
    }
}

/// From the anchor to the beginning of the base line, along the text and down
/// from it; vertically as the SVG backend has it.
fn offset(text: &str, style: &impl BackendTextStyle, size: f64) -> (f32, f32) {
    let anchor = style.anchor();
    let along = match anchor.h_pos {
        HPos::Left => 0.0,
        HPos::Center => -0.5,
        HPos::Right => -1.0,
    };
    let down = match anchor.v_pos {
        VPos::Top => 0.76,
        VPos::Center => 0.26,
        VPos::Bottom => -0.26,
    };
    ((along * width(text, size)) as f32, (down * size) as f32)
}

fn components(color: BackendColor) -> [f32; 3] {
    let (r, g, b) = color.rgb;
    [r, g, b].map(|level| f32::from(level) / 255.0)
}

fn floats((x, y): BackendCoord) -> (f32, f32) {
    (x as f32, y as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn text(names: &[&str]) -> String {
        let bytes = pdf(&samples::figure(names, &[1.0, 2.0, 4.0], |i, x| x + i as f64));
        // Latin-1, so that offsets into the text are offsets into the bytes.
        bytes.into_iter().map(char::from).filter(char::is_ascii).collect()
    }

    #[test]
    fn the_document_has_its_header_page_font_and_trailer() {
        let text = text(&["blue", "red"]);
        assert!(text.starts_with("%PDF-1."), "{text}");
        assert!(text.trim_end().ends_with("%%EOF"), "{text}");
        for part in
            ["/Type /Catalog", "/MediaBox [0 0 340.2 226.8]", "/BaseFont /Helvetica", "trailer"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn the_table_of_objects_lies_where_the_trailer_says() {
        let bytes = pdf(&samples::figure(&["blue"], &[1.0], |_, x| x));
        let tail = String::from_utf8_lossy(&bytes[bytes.len() - 40..]).into_owned();
        let offset = tail.split("startxref").nth(1).and_then(|rest| rest.split_whitespace().next());
        let offset: usize = offset.unwrap().parse().unwrap();
        assert!(bytes[offset..].starts_with(b"xref"));
    }

    #[test]
    fn every_series_is_named() {
        let text = text(&["blue", "red (hot)"]);
        assert!(text.contains("(blue) Tj") && text.contains("(red (hot)) Tj"), "{text}");
    }

    #[test]
    fn every_mark_of_begun_text_is_ended() {
        let text = text(&["blue", "red"]);
        let count = |operator: &str| text.lines().filter(|line| line.trim() == operator).count();
        assert_eq!(count("BT"), count("ET"));
        assert!(count("BT") > 10);
    }
}

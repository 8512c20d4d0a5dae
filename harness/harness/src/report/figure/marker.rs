//! Colours and markers that stay apart in print without colour.

use plotters_backend::{BackendColor, DrawingBackend};

use super::canvas::{Canvas, Drawn, Pen, Place};

/// Six colours that also colour-blind readers tell apart (Okabe and Ito),
/// without black and the yellow that is lost on white.
const COLORS: [(u8, u8, u8); 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)];
/// Half the size of a marker.
const RADIUS: i32 = 34;
const OUTLINE: u32 = 12;

/// How one series looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) color: BackendColor,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Disc,
    Square,
    Triangle,
    Diamond,
    Ring,
    Pointing,
    Cross,
}

const SHAPES: [Shape; 7] = [
    Shape::Disc,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Ring,
    Shape::Pointing,
    Shape::Cross,
];

impl Look {
    /// The look of the series at `index`; 42 differ.
    pub(super) fn of(index: usize) -> Self {
        let rgb = COLORS[index % COLORS.len()];
        Self { color: BackendColor { alpha: 1.0, rgb }, shape: SHAPES[index % SHAPES.len()] }
    }

    /// Draws one marker.
    pub(super) fn mark<B: DrawingBackend>(
        self,
        canvas: &mut Canvas<'_, B>,
        (x, y): Place,
    ) -> Drawn<B> {
        let around = |corners: &[Place]| corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        let pen = Pen { color: self.color, width: OUTLINE };
        // Shapes of one radius look equally large only after adjustment.
        let (r, s, d) = (RADIUS, RADIUS * 9 / 10, RADIUS * 12 / 10);
        match self.shape {
            Shape::Disc => canvas.disc((x, y), RADIUS.unsigned_abs(), self.color),
            Shape::Ring => canvas.ring((x, y), RADIUS.unsigned_abs(), pen),
            Shape::Square => canvas.fill(around(&[(-s, -s), (s, -s), (s, s), (-s, s)]), self.color),
            Shape::Triangle => canvas.fill(around(&[(0, -d), (d, r), (-d, r)]), self.color),
            Shape::Pointing => canvas.fill(around(&[(0, d), (d, -r), (-d, -r)]), self.color),
            Shape::Diamond => canvas.fill(around(&[(0, -d), (d, 0), (0, d), (-d, 0)]), self.color),
            Shape::Cross => {
                canvas.line((x - s, y - s), (x + s, y + s), pen)?;
                canvas.line((x - s, y + s), (x + s, y - s), pen)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ_in_colour_and_in_shape() {
        for i in 0..12 {
            let (one, next) = (Look::of(i), Look::of(i + 1));
            assert_ne!(one.color.rgb, next.color.rgb);
            assert_ne!(one.shape, next.shape);
        }
    }
}

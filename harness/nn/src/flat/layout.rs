//! Where what is in a flat file.
//!
//! All integers are u32, all numbers f32, little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0-7 | `FLATNET1` |
//! | 8-35 | number of layers, side and colours of the image, classes, columns of a panel, bytes of the file, 0 |
//! | 36-63 | zeros |
//! | then 32 per layer | kind (1 window, 2 depthwise, 3 pointwise), stride, channels in and out, then offset in bytes and length in numbers of the weights, and of the bias |
//! | then, each at a multiple of 64 | the numbers |
//!
//! The weights of a window or pointwise layer are a matrix, its rows by place
//! in the window and input channel, its columns by output channel. It is stored
//! in panels of 16 columns, each row by row, as products read it; the last
//! panel is filled up with zeros, and so is every bias. The weights of a
//! depthwise layer are stored by place, then channel.

use crate::{Kind, Layer};

/// How a file begins.
pub(crate) const MAGIC: &[u8; 8] = b"FLATNET1";
/// Without the table of layers.
pub(super) const HEAD_BYTES: usize = 64;
/// A line of the table.
pub(super) const ENTRY_BYTES: usize = 32;
/// The columns of a panel.
pub(super) const PANEL_COLUMNS: usize = 16;
const ALIGNMENT_BYTES: usize = 64;

/// Where a layer's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) weights_at_bytes: usize,
    pub(super) n_weights: usize,
    pub(super) bias_at_bytes: usize,
    pub(super) n_bias: usize,
}

/// The places of all layers, and the length of the file in bytes.
pub(super) fn places(layers: &[Layer]) -> (Vec<Place>, usize) {
    let mut end_bytes = HEAD_BYTES + layers.len() * ENTRY_BYTES;
    let mut put = |n_numbers: usize| {
        let start = end_bytes.next_multiple_of(ALIGNMENT_BYTES);
        end_bytes = start + 4 * n_numbers;
        start
    };
    let place = |layer: &Layer| {
        let n_bias = layer.n_out.next_multiple_of(PANEL_COLUMNS);
        let n_weights = n_rows(layer).map_or(layer.n_weights(), |n_rows| n_rows * n_bias);
        let (weights_at_bytes, bias_at_bytes) = (put(n_weights), put(n_bias));
        Place { weights_at_bytes, n_weights, bias_at_bytes, n_bias }
    };
    let places = layers.iter().map(place).collect();
    (places, end_bytes)
}

/// The rows of a layer's matrix, if it has one.
pub(super) fn n_rows(layer: &Layer) -> Option<usize> {
    match layer.kind {
        Kind::Window => Some(9 * layer.n_in),
        Kind::Pointwise => Some(layer.n_in),
        Kind::Depthwise => None,
    }
}

/// How a kind is written.
pub(super) fn code(kind: Kind) -> u32 {
    match kind {
        Kind::Window => 1,
        Kind::Depthwise => 2,
        Kind::Pointwise => 3,
    }
}

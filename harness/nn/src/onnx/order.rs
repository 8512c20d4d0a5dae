//! The order of weights: outputs come first in ONNX, then inputs, then places in the window.

use crate::{Kind, Layer};

/// The shape of a layer's weights in a file.
pub(super) fn shape(layer: &Layer) -> [usize; 4] {
    let (n_in, window_side) = (n_in(layer), layer.window_side());
    [layer.n_out, n_in, window_side, window_side]
}

/// For each weight of ours in turn, where it is in a file.
pub(super) fn positions(layer: &Layer) -> impl Iterator<Item = usize> {
    let (n_places, n_in, n_out) = (layer.window_side().pow(2), n_in(layer), layer.n_out);
    let rows = (0..n_places).flat_map(move |place| (0..n_in).map(move |input| (place, input)));
    rows.flat_map(move |(place, input)| {
        (0..n_out).map(move |output| (output * n_in + input) * n_places + place)
    })
}

/// The channels that a window of the layer sees.
fn n_in(layer: &Layer) -> usize {
    if layer.kind == Kind::Depthwise { 1 } else { layer.n_in }
}

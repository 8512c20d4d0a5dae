//! Writes a network as a flat file.

use super::layout::{ENTRY_BYTES, HEAD_BYTES, MAGIC, PANEL_COLUMNS, Place, code, n_rows, places};
use crate::{Network, Weights, architecture::N_COLOURS};

impl Network {
    /// The network in the flat format, as guests map it.
    #[must_use]
    pub fn to_flat(&self) -> Vec<u8> {
        let shapes: Vec<_> = self.layers.iter().map(|weights| weights.layer).collect();
        let (places, len_bytes) = places(&shapes);
        let mut file = vec![0; len_bytes];
        file[..MAGIC.len()].copy_from_slice(MAGIC);
        let n_layers = self.layers.len();
        let (side, n_classes) = (self.architecture.side, self.architecture.n_classes);
        let head = [n_layers, side, N_COLOURS, n_classes, PANEL_COLUMNS, len_bytes];
        put_integers(&mut file, MAGIC.len(), &head);
        for (position, (weights, place)) in self.layers.iter().zip(&places).enumerate() {
            put_integers(&mut file, HEAD_BYTES + position * ENTRY_BYTES, &entry(weights, place));
            put_numbers(&mut file, place.weights_at_bytes, &packed(weights));
            put_numbers(&mut file, place.bias_at_bytes, &weights.bias);
        }
        file
    }
}

fn entry(weights: &Weights, place: &Place) -> [usize; 8] {
    let layer = weights.layer;
    [
        code(layer.kind) as usize,
        layer.stride,
        layer.n_in,
        layer.n_out,
        place.weights_at_bytes,
        place.n_weights,
        place.bias_at_bytes,
        place.n_bias,
    ]
}

/// The weights in their order in the file.
fn packed(weights: &Weights) -> Vec<f32> {
    let Some(n_rows) = n_rows(&weights.layer) else { return weights.weights.clone() };
    let n_columns = weights.layer.n_out;
    let mut packed = Vec::with_capacity(n_rows * n_columns.next_multiple_of(PANEL_COLUMNS));
    for first in (0..n_columns).step_by(PANEL_COLUMNS) {
        let columns = first..n_columns.min(first + PANEL_COLUMNS);
        for row in weights.weights.chunks_exact(n_columns) {
            packed.extend_from_slice(&row[columns.clone()]);
            packed.extend((columns.len()..PANEL_COLUMNS).map(|_| 0.0));
        }
    }
    packed
}

fn put_integers(file: &mut [u8], at_bytes: usize, integers: &[usize]) {
    let integer =
        |integer: &usize| u32::try_from(*integer).expect("no network here has 4 GiB").to_le_bytes();
    put(file, at_bytes, integers.iter().map(integer));
}

fn put_numbers(file: &mut [u8], at_bytes: usize, numbers: &[f32]) {
    put(file, at_bytes, numbers.iter().map(|number| number.to_le_bytes()));
}

fn put(file: &mut [u8], at_bytes: usize, words: impl Iterator<Item = [u8; 4]>) {
    for (into, word) in file[at_bytes..].chunks_exact_mut(4).zip(words) {
        into.copy_from_slice(&word);
    }
}

//! Reads a flat file back, strictly: whatever the writer would not have written is refused.

use super::layout::{ENTRY_BYTES, HEAD_BYTES, MAGIC, PANEL_COLUMNS, Place, n_rows, places};
use crate::{Architecture, Layer, ModelError, Network, Weights};

impl Network {
    /// Reads a file in the flat format.
    ///
    /// # Errors
    /// If it is not exactly what [`Network::to_flat`] makes of some network.
    pub fn from_flat(file: &[u8]) -> Result<Self, ModelError> {
        let malformed = |what: &str| ModelError::Malformed(what.to_owned());
        if file.len() < HEAD_BYTES + ENTRY_BYTES || !file.starts_with(MAGIC) {
            return Err(malformed("it is shorter than its head, or does not begin with FLATNET1"));
        }
        let field = |n: usize| integer(file, MAGIC.len() + 4 * n);
        // The first layer's outputs.
        let width = integer(file, HEAD_BYTES + 12);
        let architecture = Architecture { side: field(1), width, n_classes: field(3) };
        if [architecture.side, width, architecture.n_classes]
            .iter()
            .any(|n| !(1..=4096).contains(n))
        {
            return Err(malformed("its image, first layer or classes are out of bounds"));
        }
        let shapes = architecture.layers();
        let (places, len_bytes) = places(&shapes);
        if file.len() != len_bytes {
            let (found, expected) = (file.len(), len_bytes);
            return Err(ModelError::Malformed(format!(
                "it has {found} bytes, expected {expected}"
            )));
        }
        let layers = shapes.iter().zip(&places).map(|(layer, place)| read(file, *layer, place));
        let network = Self { architecture, layers: layers.collect() };
        // What remains is the table, and what fills up.
        if network.to_flat() == file {
            Ok(network)
        } else {
            Err(malformed("its table is not that of a MobileNet v1"))
        }
    }
}

fn read(file: &[u8], layer: Layer, place: &Place) -> Weights {
    let bias = &numbers(file, place.bias_at_bytes, place.n_bias)[..layer.n_out];
    let packed = numbers(file, place.weights_at_bytes, place.n_weights);
    let weights = n_rows(&layer).map_or_else(
        || packed.clone(),
        |n_rows| {
            let panel_len = n_rows * PANEL_COLUMNS;
            let at = |row: usize, column: usize| {
                let (panel, column) = (column / PANEL_COLUMNS, column % PANEL_COLUMNS);
                packed[panel * panel_len + row * PANEL_COLUMNS + column]
            };
            let row = |row| (0..layer.n_out).map(move |column| (row, column));
            (0..n_rows).flat_map(row).map(|(row, column)| at(row, column)).collect()
        },
    );
    Weights { layer, weights, bias: bias.to_vec() }
}

fn numbers(file: &[u8], at_bytes: usize, n_numbers: usize) -> Vec<f32> {
    let (words, _) = file[at_bytes..][..4 * n_numbers].as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

fn integer(file: &[u8], at_bytes: usize) -> usize {
    let (words, _) = file[at_bytes..].as_chunks::<4>();
    u32::from_le_bytes(words[0]) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: Architecture = Architecture { side: 32, width: 3, n_classes: 5 };

    #[test]
    fn a_network_survives_its_file() {
        let network = Network::generate(TINY, 1);
        assert_eq!(Network::from_flat(&network.to_flat()).unwrap(), network);
    }

    #[test]
    fn the_published_network_has_16_900_000_bytes() {
        let (_, len_bytes) = places(&Architecture::MOBILENET_V1.layers());
        assert_eq!(len_bytes / 10_000, 1691);
    }

    #[test]
    fn any_damage_to_head_or_table_is_found() {
        let file = Network::generate(TINY, 1).to_flat();
        // The image's side is free: nothing in the file depends on it.
        let side = 12..16;
        let table = 0..HEAD_BYTES + 28 * ENTRY_BYTES;
        for at in table.filter(|at| !side.contains(at)) {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(Network::from_flat(&damaged).is_err(), "byte {at}");
        }
        assert!(Network::from_flat(&file[..file.len() - 1]).is_err());
    }
}

//! How many zeros a convolution puts around its input: TensorFlow's SAME, or another network.

use super::{node::Node, walk::Walk};
use crate::{Layer, ModelError, error::different};

/// Zeros before the first line and column, then after the last.
pub(super) type Pads = [i64; 4];

/// Far more than SAME ever needs, and far from overflow.
const PADDED_SIDE_MAX: i64 = 1 << 20;

impl Walk<'_> {
    /// Takes a Pad, if one comes before the convolution, and says what it adds.
    pub(super) fn take_pad(&mut self) -> Result<Pads, ModelError> {
        let Some(node) = self.take(&["Pad"])? else { return Ok([0; 4]) };
        node.expect_equal("mode", &node.text("mode", "constant").as_str(), &"constant")?;
        let value = self.graph.constant(&node, 2).map(|constant| constant.float()).transpose()?;
        node.expect_equal("value", &value.unwrap_or(node.float("value", 0.0)), &0.0)?;
        node.expect_equal("axes", &node.input(3), &None)?;
        // Before version 11 they are an attribute, since then an input.
        let pads = match node.ints("pads") {
            Some(pads) => pads.to_vec(),
            None => self.graph.needed(&node, 1)?.integers()?,
        };
        if let [0, 0, top, left, 0, 0, bottom, right] = pads[..] {
            return Ok([top, left, bottom, right]);
        }
        let place = format!("pads of {}", node.name());
        Err(different(&place, "zeros around each channel", &format!("{pads:?}")))
    }
}

/// Refuses a convolution whose zeros and those of the Pad before it are not
/// TensorFlow's SAME.
pub(super) fn check(node: &Node<'_>, padded: Pads, layer: &Layer) -> Result<(), ModelError> {
    let [lines, columns] = [0, 1].map(|axis| Layer { side: side(layer, padded, axis), ..*layer });
    let own = match node.text("auto_pad", "NOTSET").as_str() {
        "NOTSET" => node.ints("pads").unwrap_or(&[0; 4]).to_vec(),
        "VALID" => vec![0; 4],
        "SAME_UPPER" => around(lines.padding(), columns.padding()),
        "SAME_LOWER" => around(swapped(lines.padding()), swapped(columns.padding())),
        other => {
            let place = format!("auto_pad of {}", node.name());
            return Err(different(&place, "NOTSET, VALID or SAME_UPPER", other));
        }
    };
    let sum = |(own, before): (&i64, i64)| own.saturating_add(before);
    let found: Vec<_> = own.iter().zip(padded).map(sum).collect();
    let expected = around(layer.padding(), layer.padding());
    node.expect_equal("padding (top, left, bottom, right)", &found, &expected)
}

/// What the convolution reads of an axis, with the zeros of the Pad before it.
fn side(layer: &Layer, padded: Pads, axis: usize) -> usize {
    let side = (layer.side as i64).saturating_add(padded[axis]).saturating_add(padded[axis + 2]);
    side.clamp(1, PADDED_SIDE_MAX) as usize
}

fn around((top, bottom): (usize, usize), (left, right): (usize, usize)) -> Vec<i64> {
    [top, left, bottom, right].map(|n_zeros| n_zeros as i64).to_vec()
}

fn swapped((before, after): (usize, usize)) -> (usize, usize) {
    (after, before)
}

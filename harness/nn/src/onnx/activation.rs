//! What cuts a layer's outputs: ReLU6, in whichever operators a file writes it.

use super::{node::Node, walk::Walk};
use crate::{ModelError, error::different};

/// What ReLU6 lets through.
const RELU6: (f32, f32) = (0.0, 6.0);
/// What no activation lets through.
const ALL: (f32, f32) = (f32::NEG_INFINITY, f32::INFINITY);

impl Walk<'_> {
    /// Takes all that cuts numbers, which must cut them as ReLU6 does.
    pub(super) fn take_relu6(&mut self) -> Result<(), ModelError> {
        let mut passes = ALL;
        let before = self.last.clone();
        while let Some(node) = self.take(&["Relu", "Clip", "Min", "Max"])? {
            let (low, high) = self.range(&node)?;
            passes = (passes.0.clamp(low, high), passes.1.clamp(low, high));
        }
        if passes == RELU6 {
            return Ok(());
        }
        let found = match self.peek()? {
            Some(node) if passes == ALL => node.operator(),
            None if passes == ALL => "its end".to_owned(),
            _ => format!("a cut at {} and {}", passes.0, passes.1),
        };
        Err(different(&format!("activation after {before}"), "ReLU6", &found))
    }

    /// What a node lets through, the lower end first.
    fn range(&self, node: &Node<'_>) -> Result<(f32, f32), ModelError> {
        let (mut low, mut high) = ALL;
        match node.node.operator.as_str() {
            "Relu" => low = 0.0,
            "Min" => high = self.constant_bound(node)?,
            "Max" => low = self.constant_bound(node)?,
            // Before version 11 the ends are attributes, since then inputs.
            _ => {
                low = self.bound_of(node, 1, "min", low)?;
                high = self.bound_of(node, 2, "max", high)?;
            }
        }
        if low <= high {
            return Ok((low, high));
        }
        Err(different(&format!("ends of {}", node.name()), "a range", &format!("{low} to {high}")))
    }

    /// The constant among the two inputs of a Min or Max.
    fn constant_bound(&self, node: &Node<'_>) -> Result<f32, ModelError> {
        node.expect_equal("number of inputs", &node.node.inputs.len(), &2)?;
        let first = self.graph.constant(node, 0);
        first.map_or_else(|| self.graph.needed(node, 1)?.float(), |constant| constant.float())
    }

    fn bound_of(
        &self,
        node: &Node<'_>,
        input: usize,
        attribute: &str,
        default: f32,
    ) -> Result<f32, ModelError> {
        if node.input(input).is_some() {
            return self.graph.needed(node, input)?.float();
        }
        Ok(node.float(attribute, default))
    }
}

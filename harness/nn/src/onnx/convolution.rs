//! A layer's weights, with what scales and shifts its outputs folded into them.

use super::{
    node::Node,
    order,
    padding::{self, Pads},
    walk::Walk,
};
use crate::{
    Kind, Layer, ModelError, Weights,
    error::{different, malformed},
};

/// The weights of a layer in our order, in f64 until all is folded into them.
pub(super) struct Convolution {
    layer: Layer,
    weights: Vec<f64>,
    bias: Vec<f64>,
    /// The shape of a tensor that has one number per output.
    per_output: Vec<usize>,
}

impl Walk<'_> {
    /// Takes a Conv before which a Pad put so many zeros.
    pub(super) fn take_convolution(
        &mut self,
        layer: Layer,
        padded: Pads,
    ) -> Result<Convolution, ModelError> {
        let node = self.follow(&["Conv"])?;
        let (side, side_after) = (layer.side, layer.side_after());
        self.expect_shape(&node, &[1, layer.n_in, side, side])?;
        let n_groups = if layer.kind == Kind::Depthwise { layer.n_in } else { 1 };
        let window = [layer.window_side() as i64; 2];
        node.expect_int("group", 1, n_groups as i64)?;
        node.expect_ints("kernel_shape", &window, &window)?;
        node.expect_ints("strides", &[1, 1], &[layer.stride as i64; 2])?;
        node.expect_ints("dilations", &[1, 1], &[1, 1])?;
        padding::check(&node, padded, &layer)?;
        let stored = self.floats(&node, 1, &order::shape(&layer))?;
        let bias = self.bias(&node, layer.n_out)?;
        self.made(vec![1, layer.n_out, side_after, side_after]);
        Ok(Convolution {
            layer,
            weights: order::positions(&layer).map(|at| f64::from(stored[at])).collect(),
            bias,
            per_output: vec![1, layer.n_out, 1, 1],
        })
    }

    /// Takes the layer that makes one number per output: a Conv or a product.
    pub(super) fn take_classifier(&mut self, layer: Layer) -> Result<Convolution, ModelError> {
        let Some(node) = self.take(&["Gemm", "MatMul"])? else {
            return self.take_convolution(layer, [0; 4]);
        };
        let Layer { n_in, n_out, .. } = layer;
        node.expect_equal("alpha", &node.float("alpha", 1.0), &1.0)?;
        node.expect_equal("beta", &node.float("beta", 1.0), &1.0)?;
        node.expect_int("transA", 0, 0)?;
        let is_transposed = node.int("transB", 0) != 0;
        let shape = self.shape.clone().unwrap_or_default();
        let rank = if node.is(&["Gemm"]) { 2 } else { shape.len().max(2) };
        let before = |n| [vec![1; rank - 1], vec![n]].concat();
        self.expect_shape(&node, &before(n_in))?;
        let (stored, row, column) = if is_transposed {
            (self.floats(&node, 1, &[n_out, n_in])?, 1, n_in)
        } else {
            (self.floats(&node, 1, &[n_in, n_out])?, n_out, 1)
        };
        let positions = (0..n_in).flat_map(|input| (0..n_out).map(move |output| (input, output)));
        let at = |(input, output)| f64::from(stored[input * row + output * column]);
        let bias = self.bias(&node, n_out)?;
        self.made(before(n_out));
        Ok(Convolution {
            layer,
            weights: positions.map(at).collect(),
            bias,
            per_output: before(n_out),
        })
    }

    /// Takes what scales or shifts each output by a constant, and folds it in.
    pub(super) fn take_scaling(&mut self, of: &mut Convolution) -> Result<(), ModelError> {
        while let Some(node) = self.take(&["BatchNormalization", "Add", "Mul"])? {
            let n_out = of.layer.n_out;
            match node.node.operator.as_str() {
                "Add" => of.fold(&vec![1.0; n_out], &self.per_output(&node, of)?),
                "Mul" => of.fold(&self.per_output(&node, of)?, &vec![0.0; n_out]),
                _ => {
                    let (scale, shift) = self.normalisation(&node, n_out)?;
                    of.fold(&scale, &shift);
                }
            }
        }
        Ok(())
    }

    /// What a `BatchNormalization` scales and shifts by.
    fn normalisation(
        &self,
        node: &Node<'_>,
        n_out: usize,
    ) -> Result<(Vec<f64>, Vec<f64>), ModelError> {
        node.expect_int("training_mode", 0, 0)?;
        let floats = |n| self.floats(node, n, &[n_out]).map(widened);
        let (scales, shifts, means, variances) = (floats(1)?, floats(2)?, floats(3)?, floats(4)?);
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        let deviations = variances.iter().map(|variance| (variance + epsilon).sqrt());
        let scale: Vec<_> = scales.iter().zip(deviations).map(|(scale, by)| scale / by).collect();
        if scale.iter().any(|scale| !scale.is_finite()) {
            return Err(malformed(&format!("{} has a variance of 0 or below", node.name())));
        }
        let shift = |(at, shift): (usize, &f64)| shift - means[at] * scale[at];
        let shift = shifts.iter().enumerate().map(shift).collect();
        Ok((scale, shift))
    }

    /// The constant of an Add or Mul, which must have one number per output.
    fn per_output(&self, node: &Node<'_>, of: &Convolution) -> Result<Vec<f64>, ModelError> {
        let constant = match self.graph.constant(node, 0) {
            Some(constant) => constant,
            None => self.graph.needed(node, 1)?,
        };
        let mut shape = constant.shape()?;
        // Sizes that are left out in front are 1.
        while shape.len() < of.per_output.len() {
            shape.insert(0, 1);
        }
        let place = format!("shape of {}", constant.place);
        expect_shape(&place, &shape, &of.per_output)?;
        constant.floats().map(widened)
    }

    /// An optional bias; none is zeros.
    fn bias(&self, node: &Node<'_>, n_out: usize) -> Result<Vec<f64>, ModelError> {
        if node.input(2).is_none() {
            return Ok(vec![0.0; n_out]);
        }
        self.floats(node, 2, &[n_out]).map(widened)
    }

    /// Constant numbers of this shape.
    fn floats(&self, node: &Node<'_>, n: usize, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let constant = self.graph.needed(node, n)?;
        expect_shape(&format!("shape of {}", constant.place), &constant.shape()?, shape)?;
        constant.floats()
    }
}

impl Convolution {
    /// Scales every output, then shifts it.
    fn fold(&mut self, scale: &[f64], shift: &[f64]) {
        for weights in self.weights.chunks_exact_mut(self.layer.n_out) {
            weights.iter_mut().zip(scale).for_each(|(weight, scale)| *weight *= scale);
        }
        for (bias, (scale, shift)) in self.bias.iter_mut().zip(scale.iter().zip(shift)) {
            *bias = *bias * scale + shift;
        }
    }

    /// Rounds to what a network has.
    pub(super) fn into_weights(self) -> Weights {
        let rounded = |numbers: Vec<f64>| numbers.into_iter().map(|n| n as f32).collect();
        Weights { layer: self.layer, weights: rounded(self.weights), bias: rounded(self.bias) }
    }
}

fn expect_shape(place: &str, found: &[usize], expected: &[usize]) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(different(place, &format!("{expected:?}"), &format!("{found:?}")))
}

fn widened(numbers: Vec<f32>) -> Vec<f64> {
    numbers.into_iter().map(f64::from).collect()
}

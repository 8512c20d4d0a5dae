//! Takes a network's layers from a graph, or says which node is not MobileNet v1's.

use prost::Message as _;

use super::{graph::Graph, node::Node, rearrange::axis, schema::Model, walk::Walk};
use crate::{
    Architecture, Layer, ModelError, Network, Weights,
    architecture::N_COLOURS,
    assemble::{Operators, assemble},
    error::{expect, malformed},
};

/// Before this version, Softmax takes all axes from its own on for one.
const OPSET_SOFTMAX_OF_ONE_AXIS: i64 = 13;

impl Network {
    /// Reads an ONNX file. What it says nothing of is taken to be as in
    /// TensorFlow's model: colours come as red, green, blue from -1 to 1.
    ///
    /// # Errors
    /// If it is damaged, or not a MobileNet v1 of f32 for images of some size,
    /// with the zeros around its layers' inputs that TensorFlow's SAME puts
    /// there. If its numbers are in another file.
    pub fn from_onnx(file: &[u8]) -> Result<Self, ModelError> {
        let model = Model::decode(file).map_err(|error| malformed(&error.to_string()))?;
        assemble(Walk::new(Graph::new(&model)?)?)
    }
}

impl Operators for Walk<'_> {
    fn architecture(&self) -> Result<Architecture, ModelError> {
        let image = self.shape.as_deref().unwrap_or_default();
        let side = image.get(2).copied().unwrap_or_default();
        expect("shape of the image", image, &[1, N_COLOURS, side, side])?;
        let is_layer = |node: &Node<'_>| node.is(&["Conv", "Gemm", "MatMul"]);
        let mut layers = self.graph.nodes().filter(is_layer);
        let outputs = |node: Option<Node<'_>>| {
            let node = node.ok_or_else(|| malformed("it has no two layers"))?;
            let of_weights = self.graph.needed(&node, 1)?.shape()?;
            let comes_first = node.is(&["Conv"]) || node.int("transB", 0) != 0;
            Ok(of_weights.get(usize::from(!comes_first)).copied().unwrap_or_default())
        };
        let width = outputs(layers.next())?;
        let n_classes = outputs(layers.next_back())?;
        Ok(Architecture { side, width, n_classes })
    }

    fn layer(&mut self, layer: Layer) -> Result<Weights, ModelError> {
        let padded = self.take_pad()?;
        let mut convolution = self.take_convolution(layer, padded)?;
        self.take_scaling(&mut convolution)?;
        self.take_relu6()?;
        Ok(convolution.into_weights())
    }

    fn mean(&mut self, side: usize, n_channels: usize) -> Result<(), ModelError> {
        let node = self.follow(&["GlobalAveragePool", "AveragePool", "ReduceMean"])?;
        let mut keeps_axes = true;
        match node.node.operator.as_str() {
            "AveragePool" => {
                node.expect_ints("kernel_shape", &[], &[side as i64; 2])?;
                node.expect_ints("pads", &[0; 4], &[0; 4])?;
                node.expect_ints("dilations", &[1, 1], &[1, 1])?;
                let auto_pad = node.text("auto_pad", "NOTSET");
                let expected = if auto_pad == "VALID" { "VALID" } else { "NOTSET" };
                node.expect_equal("auto_pad", &auto_pad.as_str(), &expected)?;
            }
            "ReduceMean" => {
                let axes = self.axes(&node)?.unwrap_or_default();
                let axes = axes.into_iter().map(|at| axis(at, 4)).collect::<Option<Vec<_>>>();
                let mut axes = axes.unwrap_or_default();
                axes.sort_unstable();
                node.expect_equal("axes", &axes, &vec![2, 3])?;
                keeps_axes = node.int("keepdims", 1) != 0;
            }
            _ => {}
        }
        self.made(if keeps_axes { vec![1, n_channels, 1, 1] } else { vec![1, n_channels] });
        Ok(())
    }

    fn classifier(&mut self, layer: Layer) -> Result<Weights, ModelError> {
        self.take_rearrangements()?;
        let mut convolution = self.take_classifier(layer)?;
        self.take_scaling(&mut convolution)?;
        Ok(convolution.into_weights())
    }

    fn end(&mut self, n_classes: usize) -> Result<(), ModelError> {
        self.take_rearrangements()?;
        if let Some(node) = self.take(&["Softmax"])? {
            let shape = self.shape.as_deref().unwrap_or_default();
            let is_old = self.graph.opset < OPSET_SOFTMAX_OF_ONE_AXIS;
            let at = axis(node.int("axis", if is_old { 1 } else { -1 }), shape.len());
            let from = at.map_or(&[][..], |at| &shape[at..]);
            let n_summed = from.iter().take(if is_old { usize::MAX } else { 1 }).product();
            node.expect_equal("count of logits at a time", &n_summed, &n_classes)?;
            self.take_rearrangements()?;
        }
        self.expect_end()
    }
}

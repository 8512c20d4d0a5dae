//! The graph of a file: which tensors it has, and which node reads what.

use std::{borrow::Cow, collections::HashMap};

use super::{
    constant::{Constant, type_name},
    node::{Node, is_own},
    schema::{self, Tensor, Value, number_type},
};
use crate::{
    ModelError,
    error::{different, expect, malformed},
};

/// A graph whose constants can be found by name.
pub(super) struct Graph<'a> {
    graph: &'a schema::Graph,
    constants: HashMap<&'a str, Cow<'a, Tensor>>,
    /// The version of ONNX's operators.
    pub(super) opset: i64,
}

impl<'a> Graph<'a> {
    pub(super) fn new(model: &'a schema::Model) -> Result<Self, ModelError> {
        let graph = model.graph.as_ref().ok_or_else(|| malformed("it has no graph"))?;
        let opset = model.opsets.iter().find(|opset| is_own(&opset.domain));
        let opset = opset.ok_or_else(|| malformed("it says no version of ONNX's operators"))?;
        let named = |tensor: &'a Tensor| (tensor.name.as_str(), Cow::Borrowed(tensor));
        let mut constants: HashMap<_, _> = graph.initializers.iter().map(named).collect();
        for node in &graph.nodes {
            let Some(output) = node.outputs.first() else { continue };
            if let Some(constant) = constant_of(node, &constants) {
                constants.insert(output, constant);
            }
        }
        Ok(Self { graph, constants, opset: opset.version })
    }

    /// All nodes, each after those whose tensors it reads.
    pub(super) fn nodes(&self) -> impl DoubleEndedIterator<Item = Node<'a>> {
        let nodes = self.graph.nodes.iter().enumerate();
        nodes.map(|(position, node)| Node { node, position })
    }

    /// The name and the shape of the image. How many images there are may be left open.
    pub(super) fn image(&self) -> Result<(&'a str, Vec<usize>), ModelError> {
        let is_read = |value: &&Value| !self.constants.contains_key(value.name.as_str());
        let inputs: Vec<_> = self.graph.inputs.iter().filter(is_read).collect();
        expect("number of inputs", inputs.len(), 1)?;
        let tensor = inputs[0].value_type.as_ref().and_then(|of| of.tensor.as_ref());
        let tensor = tensor.ok_or_else(|| malformed("its input is no tensor"))?;
        if tensor.number_type != number_type::FLOAT {
            return Err(different(
                "number type of the image",
                "FLOAT",
                type_name(tensor.number_type),
            ));
        }
        let sizes = tensor.shape.iter().flat_map(|shape| &shape.sizes);
        let sizes = sizes.map(|size| usize::try_from(size.size)).collect::<Result<Vec<_>, _>>();
        let mut shape = sizes.map_err(|_| malformed("its image has a negative size"))?;
        if shape.first() == Some(&0) {
            shape[0] = 1;
        }
        Ok((&inputs[0].name, shape))
    }

    /// Whether the network ends in this tensor.
    pub(super) fn is_output(&self, tensor: &str) -> bool {
        self.graph.outputs.iter().any(|output| output.name == tensor)
    }

    /// The nodes that read this tensor, and not its shape only.
    pub(super) fn readers(&self, tensor: &str) -> Vec<Node<'a>> {
        let reads = |node: &Node<'_>| {
            node.node.inputs.iter().any(|input| input == tensor) && !node.is(&["Shape"])
        };
        self.nodes().filter(reads).collect()
    }

    /// The tensor that a node reads as its input of that number, if it is constant.
    pub(super) fn constant(&self, node: &Node<'_>, n: usize) -> Option<Constant<'_>> {
        let tensor = self.constants.get(node.input(n)?)?;
        Some(Constant { tensor, place: format!("input {n} of {}", node.name()) })
    }

    /// As [`Graph::constant`], where there must be one.
    pub(super) fn needed(&self, node: &Node<'_>, n: usize) -> Result<Constant<'_>, ModelError> {
        self.constant(node, n).ok_or_else(|| {
            different(&format!("input {n} of {}", node.name()), "a constant", "a computed tensor")
        })
    }
}

/// What a node makes, if that is always the same.
fn constant_of<'a>(
    node: &'a schema::Node,
    known: &HashMap<&str, Cow<'a, Tensor>>,
) -> Option<Cow<'a, Tensor>> {
    let node = Node { node, position: 0 };
    if node.is(&["Identity"]) {
        return known.get(node.input(0)?).cloned();
    }
    if !node.is(&["Constant"]) {
        return None;
    }
    if let Some(attribute) = node.attribute("value") {
        return attribute.tensor.as_ref().map(Cow::Borrowed);
    }
    let float = node.attribute("value_float").map(|attribute| Tensor {
        number_type: number_type::FLOAT,
        floats: vec![attribute.float],
        ..Tensor::default()
    });
    let integers = |integers: &[i64], shape| Tensor {
        shape,
        number_type: number_type::INT64,
        int64s: integers.to_vec(),
        ..Tensor::default()
    };
    let int = || Some(integers(&[node.attribute("value_int")?.int], vec![]));
    let ints = || node.ints("value_ints").map(|ints| integers(ints, vec![ints.len() as i64]));
    float.or_else(int).or_else(ints).map(Cow::Owned)
}

//! Writes a network as an ONNX file, for other programs to run.

use prost::Message as _;

use super::{
    order,
    schema::{
        Attribute, Graph, Model, Node, Opset, Shape, Size, Tensor, TensorType, Value, ValueType,
        attribute_type, number_type,
    },
};
use crate::{Kind, Layer, Network, Weights, architecture::N_COLOURS};

const IR_VERSION: i64 = 7;
const OPSET: i64 = 13;
/// The ends of ReLU6.
const ENDS: [(&str, f32); 2] = [("zero", 0.0), ("six", 6.0)];

impl Network {
    /// The network as an ONNX file: of an image, its channels first, it makes
    /// probabilities.
    #[must_use]
    pub fn to_onnx(&self) -> Vec<u8> {
        let side = self.architecture.side;
        let mut graph = Graph {
            name: "mobilenet_v1".to_owned(),
            inputs: vec![value("image", &[1, N_COLOURS, side, side])],
            outputs: vec![value("probabilities", &[1, self.architecture.n_classes])],
            initializers: ENDS.map(|(name, end)| tensor(name.to_owned(), &[], vec![end])).to_vec(),
            nodes: Vec::new(),
        };
        let mut from = "image".to_owned();
        let (classifier, layers) = self.layers.split_last().expect("a network has layers");
        for (position, weights) in layers.iter().enumerate() {
            from = graph.convolve(position, weights, from);
            let [zero, six] = ENDS.map(|(name, _)| name.to_owned());
            from = graph.apply("Clip", position, vec![from, zero, six], vec![]);
        }
        from = graph.apply("GlobalAveragePool", layers.len(), vec![from], vec![]);
        from = graph.convolve(layers.len(), classifier, from);
        from = graph.apply("Flatten", layers.len(), vec![from], vec![]);
        graph.nodes.push(node("Softmax", vec![from], "probabilities".to_owned(), vec![]));
        let opset = Opset { domain: String::new(), version: OPSET };
        Model { ir_version: IR_VERSION, graph: Some(graph), opsets: vec![opset] }.encode_to_vec()
    }
}

impl Graph {
    /// Adds a layer's convolution and its weights; returns what it makes.
    fn convolve(&mut self, position: usize, weights: &Weights, from: String) -> String {
        let layer = weights.layer;
        let mut stored = vec![0.0; layer.n_weights()];
        for (at, weight) in order::positions(&layer).zip(&weights.weights) {
            stored[at] = *weight;
        }
        let [name, bias] = ["weights", "bias"].map(|of| format!("{of}{position}"));
        self.initializers.push(tensor(name.clone(), &order::shape(&layer), stored));
        self.initializers.push(tensor(bias.clone(), &[layer.n_out], weights.bias.clone()));
        self.apply("Conv", position, vec![from, name, bias], attributes(&layer))
    }

    /// Adds a node; returns what it makes.
    fn apply(
        &mut self,
        operator: &str,
        position: usize,
        inputs: Vec<String>,
        attributes: Vec<Attribute>,
    ) -> String {
        let output = format!("{operator}{position}");
        self.nodes.push(node(operator, inputs, output.clone(), attributes));
        output
    }
}

fn attributes(layer: &Layer) -> Vec<Attribute> {
    let n_groups = if layer.kind == Kind::Depthwise { layer.n_in } else { 1 };
    let (before, after) = layer.padding();
    let ints = |name: &str, numbers: &[usize]| Attribute {
        name: name.to_owned(),
        ints: numbers.iter().map(|number| *number as i64).collect(),
        attribute_type: attribute_type::INTS,
        ..Attribute::default()
    };
    let group = Attribute {
        name: "group".to_owned(),
        int: n_groups as i64,
        attribute_type: attribute_type::INT,
        ..Attribute::default()
    };
    vec![
        group,
        ints("kernel_shape", &[layer.window_side(); 2]),
        ints("strides", &[layer.stride; 2]),
        ints("pads", &[before, before, after, after]),
    ]
}

fn node(operator: &str, inputs: Vec<String>, output: String, attributes: Vec<Attribute>) -> Node {
    let (name, outputs) = (output.clone(), vec![output]);
    let (operator, domain) = (operator.to_owned(), String::new());
    Node { inputs, outputs, name, operator, attributes, domain }
}

fn tensor(name: String, shape: &[usize], floats: Vec<f32>) -> Tensor {
    let shape = shape.iter().map(|size| *size as i64).collect();
    Tensor { name, shape, number_type: number_type::FLOAT, floats, ..Tensor::default() }
}

fn value(name: &str, shape: &[usize]) -> Value {
    let sizes = shape.iter().map(|size| Size { size: *size as i64 }).collect();
    let tensor = TensorType { number_type: number_type::FLOAT, shape: Some(Shape { sizes }) };
    Value { name: name.to_owned(), value_type: Some(ValueType { tensor: Some(tensor) }) }
}

//! The same network in every form that it may have.

use prost::Message as _;

use super::{PYTORCH, TENSORFLOW};
use crate::{
    Architecture, Network,
    onnx::schema::{Attribute, Model, Node, Tensor, number_type},
};

const TFLITE: &[u8] = include_bytes!("../../tflite/tiny.tflite");

/// The formula of the script's `fill`.
fn image() -> Vec<f64> {
    let number = |at: usize| ((at * 37) % 101) as f64 - 50.0;
    (0..32 * 32 * 3).map(|at| f64::from((number(at) / 64.0 * 1.2) as f32)).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
    }
}

/// The network of a file, after a change.
fn changed(file: &[u8], change: impl FnOnce(&mut Model)) -> Network {
    let mut model = Model::decode(file).unwrap();
    change(&mut model);
    Network::from_file(&model.encode_to_vec()).unwrap()
}

fn nodes(model: &mut Model) -> &mut Vec<Node> {
    &mut model.graph.as_mut().unwrap().nodes
}

#[test]
fn the_network_answers_what_onnxruntime_computes() {
    let logits = Network::from_file(PYTORCH).unwrap().logits(&image());
    assert_close(&logits, &[0.765701652, 0.272482455, 0.627297521, -1.7225728, 2.0530417]);
    let probabilities = Network::from_file(TENSORFLOW).unwrap().probabilities(&image());
    assert_close(
        &probabilities,
        &[0.161613688, 0.0986905992, 0.14072457, 0.0134225274, 0.58554858],
    );
}

#[test]
fn the_network_is_that_of_the_tensorflow_lite_file() {
    assert!(Network::from_file(PYTORCH).unwrap() == Network::from_file(TFLITE).unwrap());
}

#[test]
fn normalisation_is_folded_into_the_weights() {
    let (folded, unfolded) =
        (Network::from_file(PYTORCH).unwrap(), Network::from_file(TENSORFLOW).unwrap());
    assert_eq!(folded.architecture, unfolded.architecture);
    for (folded, unfolded) in folded.layers.iter().zip(&unfolded.layers) {
        let of_folded = folded.weights.iter().chain(&folded.bias);
        for (a, b) in of_folded.zip(unfolded.weights.iter().chain(&unfolded.bias)) {
            assert!((a - b).abs() < 1e-6, "{a} {b} in {:?}", folded.layer);
        }
    }
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let architecture = Architecture { side: 45, width: 3, n_classes: 7 };
    let network = Network::generate(architecture, 7);
    assert!(Network::from_file(&network.to_onnx()).unwrap() == network);
}

#[test]
fn weights_may_be_constants_or_copies_of_some() {
    let network = changed(PYTORCH, |model| {
        let graph = model.graph.as_mut().unwrap();
        let copied = |tensor: Tensor| {
            let name = tensor.name.clone();
            let value = Attribute {
                name: "value".to_owned(),
                tensor: Some(tensor),
                ..Attribute::default()
            };
            let hidden = format!("{name} itself");
            let constant = Node {
                outputs: vec![hidden.clone()],
                operator: "Constant".to_owned(),
                attributes: vec![value],
                ..Node::default()
            };
            let (operator, inputs) = ("Identity".to_owned(), vec![hidden]);
            [constant, Node { inputs, outputs: vec![name], operator, ..Node::default() }]
        };
        let copies: Vec<_> = graph.initializers.drain(..).flat_map(copied).collect();
        graph.nodes.splice(0..0, copies);
    });
    assert!(network == Network::from_file(PYTORCH).unwrap());
}

#[test]
fn old_files_list_their_weights_as_inputs_too() {
    let network = changed(PYTORCH, |model| {
        let graph = model.graph.as_mut().unwrap();
        let image = graph.inputs[0].clone();
        let named = |tensor: &Tensor| {
            let mut value = image.clone();
            value.name.clone_from(&tensor.name);
            value
        };
        let weights: Vec<_> = graph.initializers.iter().map(named).collect();
        graph.inputs.splice(0..0, weights);
    });
    assert!(network == Network::from_file(PYTORCH).unwrap());
}

#[test]
fn a_reader_of_the_shape_only_is_no_way_on() {
    let network = changed(TENSORFLOW, |model| {
        let logits = nodes(model).last().unwrap().inputs[0].clone();
        let shape = Node {
            inputs: vec![logits],
            outputs: vec!["shape".to_owned()],
            operator: "Shape".to_owned(),
            ..Node::default()
        };
        let last = nodes(model).len() - 1;
        nodes(model).insert(last, shape);
        let softmax = nodes(model).last_mut().unwrap();
        let output = std::mem::replace(&mut softmax.outputs[0], "unshaped".to_owned());
        let inputs = vec!["unshaped".to_owned(), "shape".to_owned()];
        let operator = "Reshape".to_owned();
        nodes(model).push(Node { inputs, outputs: vec![output], operator, ..Node::default() });
    });
    assert!(network == Network::from_file(TENSORFLOW).unwrap());
}

#[test]
fn an_old_softmax_is_over_all_axes_from_its_own() {
    let network = changed(TENSORFLOW, |model| {
        model.opsets[0].version = 12;
        super::softmax_of_four_axes(model.graph.as_mut().unwrap());
    });
    assert!(network == Network::from_file(TENSORFLOW).unwrap());
}

#[test]
fn the_mean_may_be_a_window_over_all_pixels() {
    let network = changed(PYTORCH, |model| {
        let mean = nodes(model).iter_mut().find(|node| node.operator == "GlobalAveragePool");
        let mean = mean.unwrap();
        mean.operator = "AveragePool".to_owned();
        let (name, ints) = ("kernel_shape".to_owned(), vec![1, 1]);
        mean.attributes = vec![Attribute { name, ints, ..Attribute::default() }];
    });
    assert!(network == Network::from_file(PYTORCH).unwrap());
}

#[test]
fn a_classifier_may_be_a_product_and_a_sum() {
    let network = changed(PYTORCH, |model| {
        let position = nodes(model).iter().position(|node| node.operator == "Gemm").unwrap();
        let gemm = nodes(model)[position].clone();
        let [from, weights, bias] = gemm.inputs.try_into().unwrap();
        let (product, sum) = ("product".to_owned(), gemm.outputs);
        let made = |operator: &str, inputs, outputs| {
            let operator = operator.to_owned();
            Node { inputs, outputs, operator, ..Node::default() }
        };
        let of_product = made("MatMul", vec![from, weights.clone()], vec![product.clone()]);
        let pair = [of_product, made("Add", vec![bias, product], sum)];
        nodes(model).splice(position..=position, pair);
        let tensors = &mut model.graph.as_mut().unwrap().initializers;
        transpose(tensors.iter_mut().find(|tensor| tensor.name == weights).unwrap());
    });
    assert!(network == Network::from_file(PYTORCH).unwrap());
}

/// Turns rows of f32 in raw form into columns.
fn transpose(tensor: &mut Tensor) {
    assert_eq!(tensor.number_type, number_type::FLOAT);
    let (n_rows, n_columns) = (tensor.shape[0] as usize, tensor.shape[1] as usize);
    let (words, _) = tensor.raw.as_chunks::<4>();
    let column = |column| (0..n_rows).flat_map(move |row| words[row * n_columns + column]);
    let turned = (0..n_columns).flat_map(column).collect();
    tensor.raw = turned;
    tensor.shape.reverse();
}

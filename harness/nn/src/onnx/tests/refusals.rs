//! What the kernels cannot compute exactly is refused, with the node and what was expected of it.

use prost::Message as _;

use super::{PYTORCH, TENSORFLOW};
use crate::{
    ModelError, Network,
    onnx::schema::{Attribute, Graph, Model, Node, Tensor},
};

/// How a changed file is refused.
fn refusal(file: &[u8], change: impl FnOnce(&mut Graph)) -> String {
    let mut model = Model::decode(file).unwrap();
    change(model.graph.as_mut().unwrap());
    Network::from_file(&model.encode_to_vec()).map(drop).unwrap_err().to_string()
}

/// How the file is refused when its first node of that operator is changed.
fn refused_node(file: &[u8], operator: &str, change: impl FnOnce(&mut Node)) -> String {
    let of = |node: &&mut Node| node.operator == operator;
    refusal(file, |graph| change(graph.nodes.iter_mut().find(of).unwrap()))
}

fn refused_tensor(change: impl FnOnce(&mut Tensor)) -> String {
    refusal(PYTORCH, |graph| change(&mut graph.initializers[0]))
}

fn attribute<'a>(node: &'a mut Node, name: &str) -> &'a mut Attribute {
    node.attributes.iter_mut().find(|attribute| attribute.name == name).unwrap()
}

#[test]
fn other_zeros_around_the_image() {
    // What PyTorch's own MobileNets have: one on every side, also before strides of 2.
    let pads = |node: &mut Node| attribute(node, "pads").ints = vec![0, 0, 1, 1, 0, 0, 1, 1];
    insta::assert_snapshot!(refused_node(PYTORCH, "Pad", pads), @"
    the model has [1, 1, 1, 1] as padding (top, left, bottom, right) of node 1, Conv `conv_1`, expected [0, 0, 1, 1]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let lower = |node: &mut Node| attribute(node, "auto_pad").string = b"SAME_LOWER".to_vec();
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Conv", lower), @"
    the model has [1, 1, 0, 0] as padding (top, left, bottom, right) of node 1, Conv `conv_1`, expected [0, 0, 1, 1]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let reflect = |node: &mut Node| attribute(node, "mode").string = b"reflect".to_vec();
    insta::assert_snapshot!(refused_node(PYTORCH, "Pad", reflect), @r#"
    the model has "reflect" as mode of node 0, Pad `pad_0`, expected "constant"
    (hint: only MobileNet v1 with f32 weights is read)
    "#);
    let channels = |node: &mut Node| attribute(node, "pads").ints[1] = 1;
    insta::assert_snapshot!(refused_node(PYTORCH, "Pad", channels), @"
    the model has [0, 1, 0, 0, 0, 0, 1, 1] as pads of node 0, Pad `pad_0`, expected zeros around each channel
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn other_windows() {
    let strides = |node: &mut Node| attribute(node, "strides").ints = vec![1, 1];
    insta::assert_snapshot!(refused_node(PYTORCH, "Conv", strides), @"
    the model has [1, 1] as strides of node 1, Conv `conv_1`, expected [2, 2]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let dilations = |node: &mut Node| {
        let (name, ints) = ("dilations".to_owned(), vec![2, 2]);
        node.attributes.push(Attribute { name, ints, ..Attribute::default() });
    };
    insta::assert_snapshot!(refused_node(PYTORCH, "Conv", dilations), @"
    the model has [2, 2] as dilations of node 1, Conv `conv_1`, expected [1, 1]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let group = |node: &mut Node| attribute(node, "group").int = 3;
    insta::assert_snapshot!(refused_node(PYTORCH, "Conv", group), @"
    the model has 3 as group of node 1, Conv `conv_1`, expected 1
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn other_activations() {
    let max = |node: &mut Node| attribute(node, "max").float = 1.0;
    insta::assert_snapshot!(refused_node(PYTORCH, "Clip", max), @"
    the model has a cut at 0 and 1 as activation after node 1, Conv `conv_1`, expected ReLU6
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let relu = |node: &mut Node| node.operator = "HardSwish".to_owned();
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Relu", relu), @"
    the model has HardSwish as activation after node 2, BatchNormalization `batchnormalization_2`, expected ReLU6
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let no_clip = |node: &mut Node| node.operator = "Identity".to_owned();
    insta::assert_snapshot!(refused_node(PYTORCH, "Clip", no_clip), @"
    the model has Conv as activation after node 2, Identity `clip_2`, expected ReLU6
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn other_shapes() {
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.shape = vec![1, 3, 9, 1]), @"
    the model has [1, 3, 9, 1] as shape of input 1 of node 1, Conv `conv_1`, expected [1, 3, 3, 3]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.shape[0] = -1), @"
    the model is malformed: input 1 of node 1, Conv `conv_1` has a negative size
    (hint: get the file again)
    ");
    let line = |graph: &mut Graph| {
        let tensor = graph.inputs[0].value_type.as_mut().unwrap().tensor.as_mut().unwrap();
        tensor.shape.as_mut().unwrap().sizes[3].size = 31;
    };
    insta::assert_snapshot!(refusal(PYTORCH, line), @"
    the model has [1, 3, 32, 31] as shape of the image, expected [1, 3, 32, 32]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let channels_last = |node: &mut Node| node.operator = "Identity".to_owned();
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Transpose", channels_last), @"
    the model has [1, 32, 32, 3] as shape of the image, expected [1, 3, 32, 32]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn other_numbers() {
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.number_type = 3), @"
    the model has INT8 as number type of input 1 of node 1, Conv `conv_1`, expected FLOAT
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.location = 1), @r#"
    the numbers of "constant_0" are not in the model but in another file
    (hint: save the model as one file; torch.onnx.export has external_data=False for that)
    "#);
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.raw.truncate(14)), @"
    the model is malformed: input 1 of node 1, Conv `conv_1` has 3 numbers and 2 bytes more, but its shape is [1, 3, 3, 3]
    (hint: get the file again)
    ");
    insta::assert_snapshot!(refused_tensor(|tensor| tensor.raw[..4].fill(0xff)), @"
    the model is malformed: some of its weights are no finite numbers
    (hint: get the file again)
    ");
    let half = |graph: &mut Graph| {
        let value_type = graph.inputs[0].value_type.as_mut().unwrap();
        value_type.tensor.as_mut().unwrap().number_type = 10;
    };
    insta::assert_snapshot!(refusal(PYTORCH, half), @"
    the model has FLOAT16 as number type of the image, expected FLOAT
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn other_operators() {
    let quantised = |node: &mut Node| node.operator = "QLinearConv".to_owned();
    insta::assert_snapshot!(refused_node(PYTORCH, "Conv", quantised), @"
    the model has QLinearConv as node 1, expected Conv
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let fused = |node: &mut Node| node.domain = "com.microsoft".to_owned();
    insta::assert_snapshot!(refused_node(PYTORCH, "Conv", fused), @"
    the model has com.microsoft.Conv as node 1, expected Conv
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let training = |node: &mut Node| {
        let (name, int) = ("training_mode".to_owned(), 1);
        node.attributes.push(Attribute { name, int, ..Attribute::default() });
    };
    insta::assert_snapshot!(refused_node(TENSORFLOW, "BatchNormalization", training), @"
    the model has 1 as training_mode of node 2, BatchNormalization `batchnormalization_2`, expected 0
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let doubled = |node: &mut Node| node.inputs[1] = node.inputs[0].clone();
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Add", doubled), @"
    the model has a computed tensor as input 1 of node 111, Add `add_111`, expected a constant
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn another_mean_or_end() {
    let axes = |node: &mut Node| attribute(node, "axes").ints = vec![1, 2];
    insta::assert_snapshot!(refused_node(TENSORFLOW, "ReduceMean", axes), @"
    the model has [1, 2] as axes of node 109, ReduceMean `reducemean_109`, expected [2, 3]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let axis = |node: &mut Node| attribute(node, "axis").int = 0;
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Softmax", axis), @"
    the model has 1 as count of logits at a time of node 114, Softmax `softmax_114`, expected 5
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(refusal(TENSORFLOW, super::softmax_of_four_axes), @"
    the model has 1 as count of logits at a time of node 114, Softmax `softmax_114`, expected 5
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let sigmoid = |node: &mut Node| node.operator = "Sigmoid".to_owned();
    insta::assert_snapshot!(refused_node(TENSORFLOW, "Softmax", sigmoid), @"
    the model has Sigmoid as node 114, expected the end
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let elsewhere = |graph: &mut Graph| graph.outputs[0].name = "elsewhere".to_owned();
    insta::assert_snapshot!(refusal(PYTORCH, elsewhere), @"
    the model is malformed: what node 62, Gemm `gemm_62` makes is no output
    (hint: get the file again)
    ");
    insta::assert_snapshot!(refusal(PYTORCH, |graph| graph.nodes.truncate(9)), @"
    the model has its end as activation after node 8, Conv `conv_8`, expected ReLU6
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn a_way_that_parts_or_turns_back() {
    let twice = |graph: &mut Graph| {
        let inputs = vec![graph.nodes[2].outputs[0].clone()];
        let operator = "Sigmoid".to_owned();
        graph.nodes.push(Node { inputs, operator, ..Node::default() });
    };
    insta::assert_snapshot!(refusal(PYTORCH, twice), @"
    the model has 2 as count of nodes that read what node 2, Clip `clip_2` makes, expected 1
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    let back = |node: &mut Node| {
        node.operator = "Identity".to_owned();
        node.outputs[0].clone_from(&node.inputs[0]);
    };
    insta::assert_snapshot!(refused_node(PYTORCH, "Flatten", back), @"
    the model is malformed: node 61, Identity `flatten_61` comes before node 61, Identity `flatten_61`
    (hint: get the file again)
    ");
}

#[test]
fn a_file_that_is_cut_off() {
    for len in (1..PYTORCH.len()).step_by(97) {
        let refused = Network::from_file(&PYTORCH[..len]).unwrap_err();
        assert!(matches!(refused, ModelError::Malformed(_)), "{len} bytes: {refused}");
    }
    insta::assert_snapshot!(Network::from_file(&PYTORCH[..2]).unwrap_err(), @"
    the model is malformed: it has no graph
    (hint: get the file again)
    ");
}

#[test]
fn garbage() {
    let refused = Network::from_file(b"\x08\x07garbage").unwrap_err();
    assert!(matches!(refused, ModelError::Malformed(_)), "{refused}");
    // Whatever bytes change, the reader does not panic.
    for at in (0..PYTORCH.len()).step_by(7) {
        let mut changed = PYTORCH.to_vec();
        changed[at] ^= 0x41;
        let _ = Network::from_file(&changed);
    }
}

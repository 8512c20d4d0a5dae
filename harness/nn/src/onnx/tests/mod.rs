//! Files that ONNX's own package wrote, read whole, changed and damaged. `make_fixture.py` made them, and onnxruntime
//! computed what their network answers.

use super::schema::Graph;

mod reading;
mod refusals;

const PYTORCH: &[u8] = include_bytes!("../pytorch.onnx");
const TENSORFLOW: &[u8] = include_bytes!("../tensorflow.onnx");

/// Lets `TENSORFLOW`'s Softmax begin at the second of four axes, the last of which has the classes.
fn softmax_of_four_axes(graph: &mut Graph) {
    for node in &mut graph.nodes {
        match node.operator.as_str() {
            "Squeeze" => node.operator = "Identity".to_owned(),
            "Softmax" => node.attributes[0].int = 1,
            _ => {}
        }
    }
}

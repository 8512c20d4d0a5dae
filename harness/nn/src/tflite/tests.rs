//! A file that TensorFlow Lite's own schema wrote, read whole and damaged. `make_fixture.py` made it, and computed with
//! numpy what its network answers.

use crate::{Architecture, ModelError, Network};

const TINY: &[u8] = include_bytes!("tiny.tflite");

/// The formula of the script's `fill`.
fn fill(count: usize, salt: usize, scale: f64) -> Vec<f64> {
    let number = |at: usize| ((at * 37 + salt * 11) % 101) as f64 - 50.0;
    (0..count).map(|at| number(at) / 64.0 * scale).collect()
}

/// What is complained about when one bit of `TINY` is changed, each bit in turn.
fn complaints() -> Vec<String> {
    let refused = |at: usize| {
        let mut changed = TINY.to_vec();
        changed[at] ^= 1;
        Network::from_file(&changed).err()
    };
    (0..TINY.len()).filter_map(refused).map(|refused| refused.to_string()).collect()
}

#[test]
fn weights_come_in_the_networks_order() {
    let network = Network::from_file(TINY).unwrap();
    assert_eq!(network.architecture, Architecture { side: 32, width: 1, n_classes: 5 });
    // By output, row, column and input in the file; by place, input, output here.
    let classes = network.layers.last().unwrap();
    let stored = fill(5 * 32, 55, 1.0);
    assert_eq!(f64::from(classes.weights[5 * 31 + 2]), stored[2 * 32 + 31]);
    assert_eq!(classes.bias.iter().map(|n| f64::from(*n)).collect::<Vec<_>>(), fill(5, 56, 0.5));
}

#[test]
fn the_network_answers_what_numpy_computes() {
    let network = Network::from_file(TINY).unwrap();
    // As in the file, the image's numbers are f32.
    let image: Vec<f64> =
        fill(32 * 32 * 3, 0, 1.2).into_iter().map(|number| f64::from(number as f32)).collect();
    let expected = [0.76570165, 0.27248258, 0.62729741, -1.72257288, 2.0530418];
    for (found, expected) in network.logits(&image).into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-7, "{found} for {expected}");
    }
}

#[test]
fn what_differs_is_named_with_what_was_expected() {
    let complaints = complaints();
    // The first that contains the word.
    let complaint = |word| complaints.iter().find(|text| text.contains(word)).unwrap();
    insta::assert_snapshot!(complaint("padding"), @"
    the model has (12, [1, 1, 1, 1], 1) as padding, strides and dilations, multiplier of operator 28, CONV_2D, expected (0, [1, 1, 1, 1], 1)
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("activation"), @"
    the model has 2 as activation of operator 26, CONV_2D, expected 3
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("as operator"), @"
    the model has an operator of number 0 as operator 1, expected DEPTHWISE_CONV_2D
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("as shape"), @"
    the model has [4] as shape of the weights of operator 2, CONV_2D, expected [2, 1, 1, 1]
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("as version"), @"
    the model has 1049100288 as version, expected 3
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("number type"), @"
    the model has -1 as number type of the bias of operator 0, CONV_2D, expected 0
    (hint: only MobileNet v1 with f32 weights is read)
    ");
    insta::assert_snapshot!(complaint("input of"), @"
    the model has 0 as input of operator 0, CONV_2D, expected 1
    (hint: only MobileNet v1 with f32 weights is read)
    ");
}

#[test]
fn a_file_that_is_cut_off_is_malformed() {
    for len in (0..TINY.len()).step_by(97) {
        let refused = Network::from_tflite(&TINY[..len]).unwrap_err();
        assert!(matches!(refused, ModelError::Malformed(_)), "{len} bytes: {refused}");
    }
}

//! The forward pass beside the definition, and batches beside single inputs.

use candle_core::{Device, Tensor};

use super::{
    bed::{BASIC, BOTTLENECK, generated, input},
    naive,
};
use crate::worker::exec::{Architecture, Image, Network};

/// The logits of inputs that are executed at once.
fn logits(image: &Image, inputs: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let network = Network::load(image, &Device::Cpu).unwrap();
    let side = image.architecture().side;
    let shape = (inputs.len(), 3, side, side);
    let inputs = Tensor::from_vec(inputs.concat(), shape, &Device::Cpu).unwrap();
    network.forward(&inputs).unwrap().to_vec2().unwrap()
}

#[track_caller]
fn check(architecture: Architecture) {
    for seed in 0..4 {
        let (image, tensors) = generated(architecture, seed);
        let input = input(&architecture, seed as usize);
        let expected = naive::logits(&tensors, architecture.side, &input);
        let found = &logits(&image, &[input])[0];
        assert_eq!(found.len(), architecture.n_classes);
        // Else equal numbers would prove nothing.
        assert!(expected.iter().any(|logit| logit.abs() > 0.1), "{expected:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} is not {expected}");
        }
    }
}

#[test]
fn basic_blocks_compute_what_their_definition_says() {
    check(BASIC);
}

#[test]
fn bottlenecks_compute_what_their_definition_says() {
    check(BOTTLENECK);
}

#[test]
fn a_batch_is_as_many_single_inputs() {
    for architecture in [BASIC, BOTTLENECK] {
        let (image, _) = generated(architecture, 1);
        let inputs: Vec<_> = (0..5).map(|which| input(&architecture, which)).collect();
        let batch = logits(&image, &inputs);
        assert_ne!(batch[0], batch[1]);
        for (together, input) in batch.iter().zip(inputs) {
            let alone = &logits(&image, &[input])[0];
            let pairs = together.iter().zip(alone);
            assert!(pairs.clone().all(|(one, other)| (one - other).abs() < 1e-5), "{pairs:?}");
        }
    }
}

#[test]
fn the_networks_of_the_table_stay_finite_and_tell_inputs_apart() {
    for architecture in Architecture::ALL {
        let image = Image::generate(architecture, 1);
        let published = 4 * architecture.n_parameters() as u64;
        // A normalisation's two numbers for each output become one.
        assert!((published * 99 / 100..published).contains(&image.bytes()));
        let both = logits(&image, &[input(&architecture, 0), input(&architecture, 1)]);
        assert_ne!(both[0], both[1]);
        for logits in both {
            assert_eq!(logits.len(), 1000);
            assert!(logits.iter().all(|logit| logit.abs() < 1e3));
            assert!(logits.iter().any(|logit| logit.abs() > 1e-3));
        }
    }
}

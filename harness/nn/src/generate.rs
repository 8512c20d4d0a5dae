//! Weights from a seed, for measurements that need a network but not its knowledge.

use crate::{Architecture, Kind, Layer, Network, Weights, random::Random};

/// The deviation of a bias.
const BIAS_DEVIATION: f64 = 0.1;
/// How much larger the classifier's weights are than the others', so that
/// classes differ clearly.
const CLASSIFIER_GAIN: f64 = 16.0;

impl Network {
    /// A network of random weights, the same for the same seed.
    ///
    /// Their deviation is √(2 / inputs of a sum), which keeps activations of
    /// one size from layer to layer (He et al., 2015, arXiv:1502.01852).
    #[must_use]
    pub fn generate(architecture: Architecture, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let shapes = architecture.layers();
        let n_layers = shapes.len();
        let draw = |(position, layer)| {
            let gain = if position + 1 == n_layers { CLASSIFIER_GAIN } else { 1.0 };
            draw_layer(layer, gain, &mut random)
        };
        let layers = shapes.into_iter().enumerate().map(draw).collect();
        Self { architecture, layers }
    }
}

fn draw_layer(layer: Layer, gain: f64, random: &mut Random) -> Weights {
    let n_summed = match layer.kind {
        Kind::Window => 9 * layer.n_in,
        Kind::Depthwise => 9,
        Kind::Pointwise => layer.n_in,
    };
    let deviation = gain * (2.0 / n_summed as f64).sqrt();
    let mut draw = |deviation: f64| (deviation * random.normal()) as f32;
    Weights {
        layer,
        weights: (0..layer.n_weights()).map(|_| draw(deviation)).collect(),
        bias: (0..layer.n_out).map(|_| draw(BIAS_DEVIATION)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bitmap, generate_bitmap};

    const SMALL: Architecture = Architecture { side: 64, width: 16, n_classes: 100 };

    fn image() -> Vec<f64> {
        let bytes = generate_bitmap(90, 70, 3);
        Bitmap::parse(&bytes).unwrap().to_input(SMALL.side)
    }

    #[test]
    fn activations_neither_vanish_nor_explode() {
        let network = Network::generate(SMALL, 7);
        for (layer, numbers) in network.activations(&image()).iter().enumerate() {
            let mean_square = numbers.iter().map(|n| n * n).sum::<f64>() / numbers.len() as f64;
            assert!((0.02..20.0).contains(&mean_square), "layer {layer}: {mean_square}");
        }
    }

    #[test]
    fn classes_are_clearly_distinct() {
        let mut logits = Network::generate(SMALL, 7).logits(&image());
        logits.sort_by(f64::total_cmp);
        let (top, second, median) = (logits[99], logits[98], logits[50]);
        assert!(top - second > 1e-3 && top - median > 3.0, "{top} {second} {median}");
    }

    #[test]
    fn a_seed_means_one_network_for_ever() {
        let network = Network::generate(SMALL, 7);
        assert_eq!(network, Network::generate(SMALL, 7));
        assert_ne!(network.layers[0], Network::generate(SMALL, 8).layers[0]);
        insta::assert_snapshot!(format!("{:?}", &network.layers[0].weights[..3]), @"[0.11488039, -0.35641655, 0.10312392]");
    }
}

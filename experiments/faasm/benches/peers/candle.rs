//! candle: the network layer by layer, as its users write models.

use candle_core::{D, Device, Result, Tensor};
use nn::{Kind, Layer, Network, Weights};

/// What ReLU6 cuts at.
const ACTIVATION_MAX: f32 = 6.0;

/// The tensors of a network, and what it is to classify.
pub(crate) struct Candle {
    layers: Vec<Convolution>,
    image: Tensor,
}

struct Convolution {
    layer: Layer,
    /// Outputs, inputs, rows, columns.
    weights: Tensor,
    bias: Tensor,
}

impl Candle {
    /// Loads a network for an image, channels first.
    pub(crate) fn load(network: &Network, image: &[f32]) -> Result<Self> {
        assert_eq!(candle_core::utils::get_num_threads(), 1, "all run on one thread");
        let side = network.architecture.side;
        let layers = network.layers.iter().map(Convolution::new).collect::<Result<_>>()?;
        Ok(Self { layers, image: Tensor::from_slice(image, (1, 3, side, side), &Device::Cpu)? })
    }

    /// The probability of each class.
    pub(crate) fn classify(&self) -> Result<Vec<f32>> {
        let (classifier, layers) = self.layers.split_last().expect("a network has layers");
        let mut numbers = self.image.clone();
        for layer in layers {
            numbers = layer.apply(&numbers)?.clamp(0.0, ACTIVATION_MAX)?;
        }
        let means = numbers.mean_keepdim((2, 3))?;
        let logits = classifier.apply(&means)?.flatten_all()?;
        let powers = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?)?.exp()?;
        powers.broadcast_div(&powers.sum_keepdim(D::Minus1)?)?.to_vec1()
    }
}

impl Convolution {
    fn new(of: &Weights) -> Result<Self> {
        let layer = of.layer;
        let n_in = if layer.kind == Kind::Depthwise { 1 } else { layer.n_in };
        let shape = (layer.window_side(), layer.window_side(), n_in, layer.n_out);
        let weights = Tensor::from_slice(&of.weights, shape, &Device::Cpu)?;
        let weights = weights.permute((3, 2, 0, 1))?.contiguous()?;
        let bias = Tensor::from_slice(&of.bias, (1, layer.n_out, 1, 1), &Device::Cpu)?;
        Ok(Self { layer, weights, bias })
    }

    fn apply(&self, numbers: &Tensor) -> Result<Tensor> {
        let Layer { kind, stride, n_in, .. } = self.layer;
        let n_groups = if kind == Kind::Depthwise { n_in } else { 1 };
        let (before, after) = self.layer.padding();
        let convolved = if before == after {
            numbers.conv2d(&self.weights, before, stride, 1, n_groups)?
        } else {
            let padded = numbers.pad_with_zeros(2, before, after)?;
            let padded = padded.pad_with_zeros(3, before, after)?;
            padded.conv2d(&self.weights, 0, stride, 1, n_groups)?
        };
        convolved.broadcast_add(&self.bias)
    }
}

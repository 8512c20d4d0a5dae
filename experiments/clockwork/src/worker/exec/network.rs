//! A network whose weights are on a device, and its forward pass.

use anyhow::{Context as _, Result};
use candle_core::{Device, Tensor};

use super::{
    architecture::{Convolution, Residual},
    image::Image,
};

/// Where a network is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On this machine's processor.
    Cpu,
    /// On a CUDA device, with the crate's feature `cuda`. This was never run: no
    /// machine of ours has one. candle gives a device one stream, so copies wait for
    /// executions there, which on the processor they do not.
    Cuda {
        /// Which, as CUDA counts them.
        ordinal: usize,
    },
}

impl Place {
    pub(super) fn device(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda { ordinal } => Device::new_cuda(ordinal).with_context(|| {
                format!("no CUDA device {ordinal}\n(hint: build with `--features cuda`)")
            }),
        }
    }
}

/// A network with weights on a device.
#[derive(Debug)]
pub struct Network {
    stem: Layer,
    blocks: Vec<Layers>,
    /// Features by classes.
    classifier: Tensor,
    classifier_bias: Tensor,
}

/// A convolution with what follows it folded in.
#[derive(Debug)]
struct Layer {
    kernel: Tensor,
    bias: Tensor,
    padding: usize,
    stride: usize,
}

#[derive(Debug)]
struct Layers {
    layers: Vec<Layer>,
    shortcut: Option<Layer>,
}

impl Network {
    /// Copies weights to a device.
    ///
    /// # Errors
    /// If the device fails, such as for want of memory.
    pub fn load(image: &Image, device: &Device) -> candle_core::Result<Self> {
        let architecture = image.architecture();
        let mut copy = Copy { rest: image.numbers(), device };
        let stem = copy.layer(&architecture.stem())?;
        let blocks = architecture.blocks();
        let blocks = blocks.iter().map(|block| copy.layers(block)).collect::<Result<_, _>>()?;
        let (n_classes, n_features) = (architecture.n_classes, architecture.n_features());
        let classifier = copy.tensor(&[n_classes, n_features])?.t()?;
        let classifier_bias = copy.tensor(&[1, n_classes])?;
        device.synchronize()?;
        Ok(Self { stem, blocks, classifier, classifier_bias })
    }

    /// The logits of each class (inputs, classes) for inputs (inputs, channels, rows,
    /// columns).
    ///
    /// # Errors
    /// If the shape of the inputs is another, or the device fails.
    pub fn forward(&self, inputs: &Tensor) -> candle_core::Result<Tensor> {
        let mut numbers = max_pool(&self.stem.forward(inputs)?.relu()?)?;
        for block in &self.blocks {
            numbers = block.forward(&numbers)?;
        }
        let features = numbers.mean((2, 3))?;
        let logits = features.matmul(&self.classifier)?.broadcast_add(&self.classifier_bias)?;
        logits.device().synchronize()?;
        Ok(logits)
    }
}

impl Layers {
    fn forward(&self, numbers: &Tensor) -> candle_core::Result<Tensor> {
        let (last, inner) = self.layers.split_last().expect("a block has convolutions");
        let mut sum = numbers.clone();
        for layer in inner {
            sum = layer.forward(&sum)?.relu()?;
        }
        let sum = last.forward(&sum)?;
        match &self.shortcut {
            Some(shortcut) => (sum + shortcut.forward(numbers)?)?.relu(),
            None => (sum + numbers)?.relu(),
        }
    }
}

impl Layer {
    fn forward(&self, numbers: &Tensor) -> candle_core::Result<Tensor> {
        let is_3x3 = self.padding == 1 && self.stride == 1;
        let sums = if is_3x3 && numbers.device().is_cpu() {
            self.unfolded(numbers)
        } else {
            numbers.conv2d(&self.kernel, self.padding, self.stride, 1, 1)
        };
        sums?.broadcast_add(&self.bias)
    }

    /// A 3x3 convolution as a product of matrices. candle's own does the same, but
    /// brings the kernel into another order each time, and takes up to twice as long.
    fn unfolded(&self, numbers: &Tensor) -> candle_core::Result<Tensor> {
        let (n_inputs, n_in, rows, columns) = numbers.dims4()?;
        let padded = numbers.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?;
        let shifted = (0..9).map(|at| padded.narrow(2, at / 3, rows)?.narrow(3, at % 3, columns));
        let shifted = Tensor::stack(&shifted.collect::<Result<Vec<_>, _>>()?, 2)?;
        let patches = shifted.reshape((n_inputs, n_in * 9, rows * columns))?;
        let kernel = self.kernel.flatten_from(1)?;
        let sums = (0..n_inputs).map(|input| kernel.matmul(&patches.get(input)?));
        let sums = Tensor::stack(&sums.collect::<Result<Vec<_>, _>>()?, 0)?;
        sums.reshape((n_inputs, kernel.dim(0)?, rows, columns))
    }
}

/// The largest of 3x3 at every second place. Numbers come from a ReLU, so that zeros
/// around them change nothing.
fn max_pool(numbers: &Tensor) -> candle_core::Result<Tensor> {
    numbers.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?.max_pool2d_with_stride(3, 2)
}

/// Weights that are still to be copied.
struct Copy<'a> {
    rest: &'a [f32],
    device: &'a Device,
}

impl Copy<'_> {
    fn tensor(&mut self, shape: &[usize]) -> candle_core::Result<Tensor> {
        let (next, rest) = self.rest.split_at(shape.iter().product());
        self.rest = rest;
        Tensor::from_slice(next, shape, self.device)
    }

    fn layer(&mut self, convolution: &Convolution) -> candle_core::Result<Layer> {
        let Convolution { n_in, n_out, kernel: side, stride, .. } = *convolution;
        let kernel = self.tensor(&[n_out, n_in, side, side])?;
        let bias = self.tensor(&[1, n_out, 1, 1])?;
        Ok(Layer { kernel, bias, padding: side / 2, stride })
    }

    fn layers(&mut self, block: &Residual) -> candle_core::Result<Layers> {
        let layers = block.convolutions.iter().map(|convolution| self.layer(convolution));
        let layers = layers.collect::<Result<_, _>>()?;
        let shortcut = block.shortcut.as_ref().map(|shortcut| self.layer(shortcut));
        Ok(Layers { layers, shortcut: shortcut.transpose()? })
    }
}

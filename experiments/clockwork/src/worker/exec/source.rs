//! Where weights come from: a seed, or a file.

use anyhow::{Context as _, Result, bail, ensure};
use safetensors::{Dtype, SafeTensors};

use crate::random::Random;

/// Keeps weights apart from workloads and noise of the same seed.
const PURPOSE: u64 = 1 << 61;

/// Has the tensors of a network, by the names that torchvision gives them.
pub(super) trait Source {
    /// The numbers of a tensor.
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>>;
}

/// Random weights of He's variance, which keeps activations finite at any depth.
/// He's distribution is normal, this one uniform: it is drawn ten times as fast.
#[derive(Debug)]
pub(super) struct Generated(Random);

impl Generated {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::new(seed, PURPOSE))
    }

    /// Numbers whose distance from `mean` is at most `bound`.
    fn uniform(&mut self, n: usize, mean: f32, bound: f32) -> Vec<f32> {
        (0..n).map(|_| mean + bound * (2.0 * self.0.uniform() as f32 - 1.0)).collect()
    }
}

impl Source for Generated {
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let n = shape.iter().product();
        let fan_in = n as f32 / shape[0] as f32;
        Ok(match (shape.len(), name.rsplit('.').next()) {
            (1, Some("running_var")) => self.uniform(n, 1.0, 0.1),
            // Half of what a block computes is added to what it was given.
            (1, Some("weight")) => self.uniform(n, 0.5, 0.1),
            (1, _) => self.uniform(n, 0.0, 0.1),
            _ => self.uniform(n, 0.0, (6.0 / fan_in).sqrt()),
        })
    }
}

/// A file in the format of safetensors, as it lies in memory.
#[derive(Debug)]
pub(super) struct File<'a>(SafeTensors<'a>);

impl<'a> File<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes);
        tensors.map(Self).context("not a file of safetensors\n(hint: is it whole?)")
    }
}

impl Source for File<'_> {
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Ok(tensor) = self.0.tensor(name) else {
            bail!("no tensor `{name}`\n(hint: they must have torchvision's names)");
        };
        ensure!(
            tensor.shape() == shape,
            "tensor `{name}` has the shape {:?}, not {shape:?}\n(hint: is it another network's?)",
            tensor.shape()
        );
        ensure!(
            tensor.dtype() == Dtype::F32,
            "tensor `{name}` is of {:?}\n(hint: only numbers of 32 bits, F32, are read)",
            tensor.dtype()
        );
        let numbers = tensor.data().as_chunks::<4>().0.iter();
        Ok(numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

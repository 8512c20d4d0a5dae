//! A variety's weights in the host's memory.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{
    architecture::{Architecture, Convolution},
    source::{File, Generated, Source},
};

/// What batch normalisation adds to a variance, by default.
const EPSILON: f32 = 1e-5;

/// The weights of a network, one after another as they are executed: normalisations
/// are folded into the convolutions before them, of which each has its kernel
/// (outputs, inputs, rows, columns) and then a bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    architecture: Architecture,
    numbers: Vec<f32>,
}

impl Image {
    /// Random weights, the same for the same seed.
    #[must_use]
    pub fn generate(architecture: Architecture, seed: u64) -> Self {
        Self::from_source(architecture, &mut Generated::new(seed))
            .expect("random weights exist in every shape, and are finite")
    }

    /// The weights of a file in the format of safetensors, with torchvision's names.
    ///
    /// # Errors
    /// If it cannot be read, or has not all tensors of the network.
    pub fn read(architecture: Architecture, file: &Path) -> Result<Self> {
        let what = || format!("read weights of {} from {}", architecture.name, file.display());
        let bytes = fs::read(file).with_context(what)?;
        Self::parse(architecture, &bytes).with_context(what)
    }

    /// As [`Image::read`], of what is in memory already.
    ///
    /// # Errors
    /// If it has not all tensors of the network.
    pub fn parse(architecture: Architecture, bytes: &[u8]) -> Result<Self> {
        Self::from_source(architecture, &mut File::new(bytes)?)
    }

    pub(super) fn from_source(
        architecture: Architecture,
        source: &mut impl Source,
    ) -> Result<Self> {
        let mut numbers = Vec::with_capacity(architecture.n_parameters());
        push_folded(&mut numbers, &architecture.stem(), source)?;
        for block in architecture.blocks() {
            for convolution in block.convolutions.iter().chain(&block.shortcut) {
                push_folded(&mut numbers, convolution, source)?;
            }
        }
        let (n_classes, n_features) = (architecture.n_classes, architecture.n_features());
        numbers.extend(source.tensor("fc.weight", &[n_classes, n_features])?);
        numbers.extend(source.tensor("fc.bias", &[n_classes])?);
        ensure!(
            numbers.iter().all(|number| number.is_finite()),
            "a weight is no finite number\n(hint: is a variance negative?)"
        );
        Ok(Self { architecture, numbers })
    }

    /// The network whose weights these are.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The size of the weights, which is also what they take on a device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        4 * self.numbers.len() as u64
    }

    pub(super) fn numbers(&self) -> &[f32] {
        &self.numbers
    }
}

/// Appends a convolution's kernel and bias. Its normalisation is a factor and a
/// summand for each output, so it is part of both.
fn push_folded(
    numbers: &mut Vec<f32>,
    convolution: &Convolution,
    source: &mut impl Source,
) -> Result<()> {
    let Convolution { name, norm, n_in, n_out, kernel, .. } = convolution;
    let shape = [*n_out, *n_in, *kernel, *kernel];
    let weights = source.tensor(&format!("{name}.weight"), &shape)?;
    let mut of_norm = |what: &str| source.tensor(&format!("{norm}.{what}"), &[*n_out]);
    let (gamma, beta) = (of_norm("weight")?, of_norm("bias")?);
    let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
    let factors: Vec<_> =
        gamma.iter().zip(&variance).map(|(gamma, v)| gamma / (v + EPSILON).sqrt()).collect();
    for (kernel, factor) in weights.chunks_exact(weights.len() / n_out).zip(&factors) {
        numbers.extend(kernel.iter().map(|weight| weight * factor));
    }
    let biases = beta.iter().zip(&mean).zip(&factors);
    numbers.extend(biases.map(|((beta, mean), factor)| beta - mean * factor));
    Ok(())
}

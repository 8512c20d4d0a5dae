//! A network with its numbers.

use crate::{Architecture, Layer};

/// The numbers of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Its shape.
    pub layer: Layer,
    /// By place in the window, then input channel, then output channel; of a
    /// depthwise layer by place, then channel.
    pub weights: Vec<f32>,
    /// By output channel.
    pub bias: Vec<f32>,
}

/// A MobileNet v1 whose normalisation is folded into weights and biases.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// What it is.
    pub architecture: Architecture,
    /// From the image to the classes.
    pub layers: Vec<Weights>,
}

//! Reads MobileNet v1 from an ONNX file, as tf2onnx and PyTorch export it, and writes one.

mod activation;
mod constant;
mod convert;
mod convolution;
mod graph;
mod node;
mod order;
mod padding;
mod rearrange;
mod schema;
#[cfg(test)]
mod tests;
mod walk;
mod write;

/// Such a file is a protobuf, which begins with its version: field 1, an integer.
pub(crate) const BEGINNING: u8 = 0x08;

//! Reads MobileNet v1 from a TensorFlow Lite file, whose normalisation is folded into the weights already.

mod convert;
mod operators;
mod schema;
#[cfg(test)]
mod tests;

/// What stands at bytes 4 to 8 of such a file.
pub(crate) const IDENTIFIER: &[u8] = b"TFL3";

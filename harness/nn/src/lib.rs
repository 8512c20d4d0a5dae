//! Neural networks as data: what they consist of, where their weights come
//! from, how they are stored, and what they answer.
//!
//! The forward pass here is slow and exact: what runs fast is judged by it.

mod architecture;
mod assemble;
mod bitmap;
mod error;
mod flat;
mod generate;
mod network;
mod onnx;
mod open;
mod random;
mod reference;
mod tflite;

pub use architecture::{Architecture, Kind, Layer};
pub use bitmap::{Bitmap, generate_bitmap};
pub use error::ModelError;
pub use network::{Network, Weights};

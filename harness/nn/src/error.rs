//! Why a model file is refused.

use std::{io, path::PathBuf};

/// A file that is not the model it should be.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("cannot read the model {}\n(hint: check the path)", path.display())]
    Unreadable {
        /// Of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is of no known format.
    #[error(
        "the model begins with {found:?}, and is neither TensorFlow Lite nor flat\n\
         (hint: pass a .tflite file)"
    )]
    UnknownFormat {
        /// Its first bytes, as text.
        found: String,
    },
    /// The file is in a format that is recognised but not read.
    #[error(
        "ONNX models are not read\n\
         (hint: pass the same network as TensorFlow Lite, mobilenet_v1_1.0_224.tflite)"
    )]
    Onnx,
    /// The file is damaged.
    #[error("the model is malformed: {0}\n(hint: get the file again)")]
    Malformed(String),
    /// The file holds another network.
    #[error(
        "the model has {found} as {place}, expected {expected}\n\
         (hint: only MobileNet v1 with f32 weights is read)"
    )]
    Different {
        /// Which part of the model.
        place: String,
        /// What a MobileNet v1 has there.
        expected: String,
        /// What this file has.
        found: String,
    },
}

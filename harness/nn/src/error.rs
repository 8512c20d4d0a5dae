//! Why a model file is refused.

use std::{fmt::Debug, io, path::PathBuf};

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
        "the model begins with {found:?}, and is neither TensorFlow Lite, ONNX nor flat\n\
         (hint: pass a .tflite or .onnx file)"
    )]
    UnknownFormat {
        /// Its first bytes, as text.
        found: String,
    },
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
    /// The file says that some of its numbers are in another one.
    #[error(
        "the numbers of {tensor:?} are not in the model but in another file\n\
         (hint: save the model as one file; torch.onnx.export has external_data=False for that)"
    )]
    External {
        /// What the model calls them.
        tensor: String,
    },
}

pub(crate) fn malformed(what: &str) -> ModelError {
    ModelError::Malformed(what.to_owned())
}

pub(crate) fn different(place: &str, expected: &str, found: &str) -> ModelError {
    let [place, expected, found] = [place, expected, found].map(str::to_owned);
    ModelError::Different { place, expected, found }
}

/// Refuses what differs from what a MobileNet v1 has.
pub(crate) fn expect<T: Copy + PartialEq + Debug>(
    place: &str,
    found: T,
    expected: T,
) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(different(place, &format!("{expected:?}"), &format!("{found:?}")))
}

//! Opens a model file of whatever format it is.

use std::{fs, path::Path};

use crate::{ModelError, Network, flat, tflite};

/// ONNX is a protobuf that begins with its version, field 1.
const ONNX_BEGINNING: u8 = 0x08;

impl Network {
    /// Reads a file in TensorFlow Lite's or in the flat format.
    ///
    /// # Errors
    /// If it cannot be read, or is not a MobileNet v1.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let unreadable = |source| ModelError::Unreadable { path: path.to_owned(), source };
        Self::from_file(&fs::read(path).map_err(unreadable)?)
    }

    /// Reads the content of such a file.
    ///
    /// # Errors
    /// If it is not a MobileNet v1.
    pub fn from_file(file: &[u8]) -> Result<Self, ModelError> {
        if file.starts_with(flat::MAGIC) {
            return Self::from_flat(file);
        }
        if file.get(4..8) == Some(tflite::IDENTIFIER) {
            return Self::from_tflite(file);
        }
        match file.first() {
            Some(&ONNX_BEGINNING) => Err(ModelError::Onnx),
            _ => {
                let beginning = &file[..file.len().min(8)];
                let found = String::from_utf8_lossy(beginning).into_owned();
                Err(ModelError::UnknownFormat { found })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(file: &[u8]) -> String {
        Network::from_file(file).unwrap_err().to_string()
    }

    #[test]
    fn other_formats_are_named() {
        insta::assert_snapshot!(refusal(b"\x08\x07\x12\x07pytorch"), @"
        ONNX models are not read
        (hint: pass the same network as TensorFlow Lite, mobilenet_v1_1.0_224.tflite)
        ");
        insta::assert_snapshot!(refusal(b"PK\x03\x04 a zip"), @r#"
        the model begins with "PK\u{3}\u{4} a z", and is neither TensorFlow Lite nor flat
        (hint: pass a .tflite file)
        "#);
        insta::assert_snapshot!(refusal(b""), @r#"
        the model begins with "", and is neither TensorFlow Lite nor flat
        (hint: pass a .tflite file)
        "#);
    }

    #[test]
    fn an_absent_file_is_named() {
        let refused = Network::open(Path::new("/nowhere/a.tflite")).unwrap_err();
        insta::assert_snapshot!(refused, @"
        cannot read the model /nowhere/a.tflite
        (hint: check the path)
        ");
    }
}

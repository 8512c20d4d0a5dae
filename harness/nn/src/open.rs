//! Opens a model file of whatever format it is.

use std::{fs, path::Path};

use crate::{ModelError, Network, flat, onnx, tflite};

impl Network {
    /// Reads a file in TensorFlow Lite's format, in ONNX's or in the flat one.
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
        if file.first() == Some(&onnx::BEGINNING) {
            return Self::from_onnx(file);
        }
        let beginning = &file[..file.len().min(8)];
        let found = String::from_utf8_lossy(beginning).into_owned();
        Err(ModelError::UnknownFormat { found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(file: &[u8]) -> String {
        Network::from_file(file).unwrap_err().to_string()
    }

    #[test]
    fn another_format_is_shown_by_its_beginning() {
        insta::assert_snapshot!(refusal(b"PK\x03\x04 a zip"), @r#"
        the model begins with "PK\u{3}\u{4} a z", and is neither TensorFlow Lite, ONNX nor flat
        (hint: pass a .tflite or .onnx file)
        "#);
        insta::assert_snapshot!(refusal(b""), @r#"
        the model begins with "", and is neither TensorFlow Lite, ONNX nor flat
        (hint: pass a .tflite or .onnx file)
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

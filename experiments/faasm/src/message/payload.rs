//! Bytes as JSON text: UTF-8 as it is, anything else as `hex:…`.
//!
//! A person types `"input_data": "10 60000"`; a guest chains four binary
//! integers. Both must survive the same JSON field.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

const HEX_PREFIX: &str = "hex:";

/// Writes `bytes` as a JSON string.
pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(HEX_PREFIX) => serializer.serialize_str(text),
        _ => serializer.serialize_str(&to_hex(bytes)),
    }
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.strip_prefix(HEX_PREFIX) {
        None => Ok(text.into_bytes()),
        Some(digits) => from_hex(digits).ok_or_else(|| {
            D::Error::custom("text after `hex:` must be pairs of hexadecimal digits")
        }),
    }
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]]);
    HEX_PREFIX.chars().chain(digits).collect()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    rest.is_empty().then_some(())?;
    pairs.iter().map(|&[high, low]| u8::try_from(nibble(high)? << 4 | nibble(low)?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Carrier(#[serde(with = "super")] Vec<u8>);

    fn assert_json(bytes: &[u8], json: &str) {
        let carrier = Carrier(bytes.to_vec());
        assert_eq!(serde_json::to_string(&carrier).unwrap(), json);
        assert_eq!(serde_json::from_str::<Carrier>(json).unwrap(), carrier);
    }

    #[test]
    fn text_stays_text() {
        assert_json("10 60000 é".as_bytes(), "\"10 60000 é\"");
    }

    #[test]
    fn binary_becomes_hex() {
        assert_json(&[0, 0xff, 0x1a], "\"hex:00ff1a\"");
    }

    #[test]
    fn text_that_looks_like_hex_is_kept_apart() {
        assert_json(b"hex:00", "\"hex:6865783a3030\"");
    }

    #[test]
    fn broken_hex_is_an_error() {
        for text in ["\"hex:0\"", "\"hex:0g\"", "\"hex:+1\""] {
            let error = serde_json::from_str::<Carrier>(text).unwrap_err().to_string();
            assert!(error.starts_with("text after `hex:`"), "{error}");
        }
    }
}

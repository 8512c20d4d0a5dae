//! The end of a chunked body, found byte by byte.

/// What a chunked body still has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunked {
    /// A size is being read: its value, and how many digits it had.
    Size { value: u64, n_digits: u8 },
    /// An extension, which is skipped.
    Extension { size: u64 },
    /// The line of the size must end.
    SizeLf { size: u64 },
    /// Data, of which so many bytes are missing.
    Data { left: u64 },
    /// The line after the data must end.
    DataCr,
    /// The same, one byte on.
    DataLf,
    /// A trailer's line begins, or the empty one that is the last.
    TrailerStart,
    /// Within a trailer's line.
    Trailer,
    /// The last byte.
    LastLf,
    /// Nothing.
    Done,
}

/// What breaks the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunked {
    /// The beginning of a body.
    pub(super) const START: Self = Self::Size { value: 0, n_digits: 0 };

    /// Takes bytes; returns how many belong to the body.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut at = 0;
        while at < bytes.len() && *self != Self::Done {
            if let Self::Data { left } = self {
                let n = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                *left -= n as u64;
                at += n;
                if *left == 0 {
                    *self = Self::DataCr;
                }
                continue;
            }
            *self = self.after(bytes[at])?;
            at += 1;
        }
        Ok(at)
    }

    fn after(self, byte: u8) -> Result<Self, Malformed> {
        Ok(match (self, byte) {
            (Self::Size { value, n_digits }, _) if byte.is_ascii_hexdigit() && n_digits < 16 => {
                let digit = (byte as char).to_digit(16).unwrap_or(0);
                Self::Size { value: value << 4 | u64::from(digit), n_digits: n_digits + 1 }
            }
            (Self::Size { value, n_digits: 1.. }, b'\r') => Self::SizeLf { size: value },
            (Self::Size { value, n_digits: 1.. }, b';') => Self::Extension { size: value },
            (Self::Extension { size }, b'\r') => Self::SizeLf { size },
            (Self::Extension { size }, byte) if byte != b'\n' => Self::Extension { size },
            (Self::SizeLf { size: 0 }, b'\n') => Self::TrailerStart,
            (Self::SizeLf { size }, b'\n') => Self::Data { left: size },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::START,
            (Self::TrailerStart, b'\r') => Self::LastLf,
            (Self::Trailer, b'\n') => Self::TrailerStart,
            (Self::TrailerStart | Self::Trailer, _) => Self::Trailer,
            (Self::LastLf, b'\n') => Self::Done,
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of bytes that the body has, taken `step` bytes at a time.
    fn len(text: &str, step: usize) -> Result<Option<usize>, Malformed> {
        let mut chunked = Chunked::START;
        let mut taken = 0;
        for part in text.as_bytes().chunks(step) {
            taken += chunked.take(part)?;
        }
        Ok((chunked == Chunked::Done).then_some(taken))
    }

    #[test]
    fn a_body_ends_where_it_says_however_it_arrives() {
        let body =
            "5\r\nhello\r\n1A;name=value\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: a\r\n\r\n";
        for step in [1, 2, 3, 7, 100] {
            assert_eq!(len(body, step), Ok(Some(body.len())), "{step}");
        }
        assert_eq!(len(&format!("{body}HTTP/1.1"), 100), Ok(Some(body.len())));
    }

    #[test]
    fn a_body_that_is_cut_off_has_no_end() {
        for text in ["", "5", "5\r\nhell", "5\r\nhello\r\n", "0\r\n", "0\r\n\r"] {
            assert_eq!(len(text, 100), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn a_body_that_breaks_the_rules_is_malformed() {
        for text in ["\r\n", "g\r\n", "5\nhello", "5\r\nhelloo", "-1\r\n", "11111111111111111\r\n"]
        {
            assert_eq!(len(text, 100), Err(Malformed), "{text:?}");
        }
    }
}

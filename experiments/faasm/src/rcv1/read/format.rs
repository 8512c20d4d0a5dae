//! The text formats, and how to tell which of them a file has.

use std::io::{self, BufRead};

/// A text format with one document per line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `LABEL FEATURE:WEIGHT …`, features from zero.
    Hogwild,
    /// `LABEL FEATURE:WEIGHT … # COMMENT`, features from one.
    LibSvm,
    /// `LABEL [IMPORTANCE] ['TAG]|NAMESPACE FEATURE[:WEIGHT] …`, features from zero.
    VowpalWabbit,
}

impl Format {
    /// The format of a text. A bar is Vowpal Wabbit's alone and a comment LIBSVM's; without either, a feature 0 anywhere
    /// means that features count from zero.
    pub(super) fn detect(mut text: impl BufRead) -> io::Result<Format> {
        let mut line = Vec::new();
        while text.read_until(b'\n', &mut line)? > 0 {
            if let Some(format) = Format::of_line(&line) {
                return Ok(format);
            }
            line.clear();
        }
        Ok(Format::LibSvm)
    }

    /// The only format that a line can have, if there is one.
    fn of_line(line: &[u8]) -> Option<Format> {
        let mut previous = b'\n';
        for (at, byte) in line.iter().enumerate() {
            match byte {
                b'|' => return Some(Format::VowpalWabbit),
                b'#' => return Some(Format::LibSvm),
                b':' if previous == b'0' && at >= 2 && line[at - 2].is_ascii_whitespace() => {
                    return Some(Format::Hogwild);
                }
                _ => previous = *byte,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Format) {
        assert_eq!(Format::detect(text.as_bytes()).unwrap(), expected, "{text:?}");
    }

    #[test]
    fn a_bar_is_vowpal_wabbits() {
        check("1 |f 0:0.5 7:0.25\n", Format::VowpalWabbit);
    }

    #[test]
    fn a_comment_is_libsvms() {
        check("# RCV1\n+1 1:0.5\n", Format::LibSvm);
    }

    #[test]
    fn a_feature_zero_is_hogwilds_wherever_it_comes() {
        check("1 5:0.5\n-1 10:0.0 20:1\n-1 0:0.5 3:1\n", Format::Hogwild);
    }

    #[test]
    fn without_a_feature_zero_features_count_from_one() {
        check("1 5:0.5\n-1 10:0 20:1\n", Format::LibSvm);
        check("", Format::LibSvm);
    }
}

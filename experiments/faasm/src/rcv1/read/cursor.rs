//! Takes a line apart into words, and remembers where each began.

use super::error::Unexpected;

const MAX_QUOTED_BYTES: usize = 40;

/// A part of a line between blanks, or a part of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) bytes: &'a [u8],
    /// Bytes before it in the line.
    pub(super) start: usize,
}

pub(super) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a [u8]) -> Cursor<'a> {
        Cursor { line, at: 0 }
    }

    /// The next word, which is empty at the end of the line.
    pub(super) fn peek(&mut self) -> Word<'a> {
        let rest = &self.line[self.at..];
        self.at += rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
        let rest = &self.line[self.at..];
        let len = rest.iter().position(|byte| is_blank(*byte)).unwrap_or(rest.len());
        Word { bytes: &rest[..len], start: self.at }
    }

    pub(super) fn next(&mut self) -> Word<'a> {
        let word = self.peek();
        self.at += word.bytes.len();
        word
    }
}

impl<'a> Word<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The parts before and after the first `mark`.
    pub(super) fn split_at_first(&self, mark: u8) -> Option<(Word<'a>, Word<'a>)> {
        let position = self.bytes.iter().position(|byte| *byte == mark)?;
        let before = Word { bytes: &self.bytes[..position], start: self.start };
        Some((before, self.skip(position + 1)))
    }

    /// What follows the first `n_bytes` of the word.
    pub(super) fn skip(&self, n_bytes: usize) -> Word<'a> {
        Word { bytes: &self.bytes[n_bytes..], start: self.start + n_bytes }
    }

    pub(super) fn number(&self) -> Option<f64> {
        str::from_utf8(self.bytes).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(super) fn integer(&self) -> Option<u32> {
        let is_plain = self.bytes.first().is_some_and(u8::is_ascii_digit);
        if is_plain { str::from_utf8(self.bytes).ok()?.parse().ok() } else { None }
    }

    /// An error at this word.
    pub(super) fn unexpected(&self, expected: impl Into<String>) -> Unexpected {
        Unexpected { column: self.start + 1, expected: expected.into(), found: self.quoted() }
    }

    fn quoted(&self) -> String {
        if self.is_empty() {
            return "nothing".to_owned();
        }
        let (bytes, rest) = self.bytes.split_at(self.bytes.len().min(MAX_QUOTED_BYTES));
        let more = if rest.is_empty() { "" } else { "…" };
        format!("`{}{more}`", String::from_utf8_lossy(bytes).escape_debug())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_begin() {
        let mut cursor = Cursor::new(b"  ab \tc\r");
        let words = [cursor.next(), cursor.next(), cursor.next()];
        assert_eq!(words.map(|word| word.start), [2, 6, 8]);
        assert_eq!(words.map(|word| word.bytes.len()), [2, 1, 0]);
    }

    #[test]
    fn what_is_no_text_is_quoted_with_escapes_and_shortened() {
        let word = Word { bytes: b"\0\xff", start: 0 };
        assert_eq!(word.unexpected("a label").found, "`\\0\u{fffd}`");
        let word = Word { bytes: &[b'x'; 100], start: 0 };
        assert_eq!(word.unexpected("a label").found.chars().count(), 43);
    }

    #[test]
    fn numbers_are_finite_and_integers_have_digits_only() {
        let word = |bytes| Word { bytes, start: 0 };
        assert_eq!(word(b"-1.5e-2").number(), Some(-0.015));
        assert_eq!(word(b"nan").number(), None);
        assert_eq!(word(b"1e999").number(), None);
        assert_eq!(word(b"+7").integer(), None);
        assert_eq!(word(b"4294967296").integer(), None);
    }
}

//! Requests as a person types them: words on one line, some of them quoted.

/// Splits a line into its words; none if a quote is open or not followed by a
/// blank.
pub(super) fn split_inline(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut words, mut rest) = (Vec::new(), line.trim_ascii());
    while !rest.is_empty() {
        let (word, after) = split_word(rest)?;
        words.push(word);
        rest = after.trim_ascii_start();
    }
    Some(words)
}

fn split_word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return Some((word, rest)),
            [quote @ (b'"' | b'\''), tail @ ..] => {
                rest = take_quoted(*quote, tail, &mut word)?;
                let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
                return ends.then_some((word, rest));
            }
            [blank, ..] if blank.is_ascii_whitespace() => return Some((word, rest)),
            [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

/// Appends what is quoted to `word` and answers what follows the quote.
fn take_quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, tail) = match rest {
            [b'\\', b'\'', tail @ ..] if quote == b'\'' => (b'\'', tail),
            [b'\\', b'x', high, low, tail @ ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_digit(*high) << 4 | hex_digit(*low), tail)
            }
            [b'\\', escaped, tail @ ..] if quote == b'"' => (unescape(*escaped), tail),
            [byte, tail @ ..] if *byte == quote => return Some(tail),
            [byte, tail @ ..] => (*byte, tail),
            [] => return None,
        };
        word.push(byte);
        rest = tail;
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&[u8]]) {
        let words = split_inline(line.as_bytes()).unwrap();
        assert_eq!(words, expected);
    }

    #[test]
    fn words_are_split_at_blanks() {
        check("", &[]);
        check("  PING \r", &[b"PING"]);
        check("SET k  v", &[b"SET", b"k", b"v"]);
    }

    #[test]
    fn quotes_keep_blanks_and_escapes() {
        check(r#"SET "a b" "\x00\n\"""#, &[b"SET", b"a b", b"\0\n\""]);
        check(r"SET 'a b' '\'\n'", &[b"SET", b"a b", br"'\n"]);
        check(r#"SET """#, &[b"SET", b""]);
    }

    #[test]
    fn open_quotes_are_refused() {
        for line in [r#"GET "a"#, "GET 'a", r#"GET "a"b"#] {
            assert_eq!(split_inline(line.as_bytes()), None, "{line}");
        }
    }
}

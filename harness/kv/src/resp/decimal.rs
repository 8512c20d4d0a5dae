//! Integers as RESP writes them.

/// Appends `value` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: i64) {
    // Most numbers are lengths and offsets; formatting through `std::fmt`
    // costs more than encoding the rest of a small command.
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[first..]);
}

/// Reads what [`push_decimal`] writes and nothing else: no sign `+`, no
/// leading zero, no blank. Redis is as strict about the values that it counts
/// with.
pub(crate) fn parse_decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let canonical = match digits {
        [] => false,
        [b'0'] => !negative,
        [first, ..] => *first != b'0',
    };
    if !canonical {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| {
        let digit = i64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let value = value.checked_mul(10)?;
        // Negative numbers are summed downwards, so that i64::MIN fits.
        if negative { value.checked_sub(digit) } else { value.checked_add(digit) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        for value in [0, 1, -1, 9, 10, 377_888, i64::MAX, i64::MIN] {
            let mut text = Vec::new();
            push_decimal(&mut text, value);
            assert_eq!(text, value.to_string().as_bytes());
            assert_eq!(parse_decimal(&text), Some(value));
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in ["", "-", "+1", "01", "-0", " 1", "1 ", "1a", "9223372036854775808"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text:?}");
        }
    }
}

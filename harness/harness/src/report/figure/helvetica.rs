//! How wide words are in Helvetica, the font that every PDF reader brings; in
//! the SVG it or a font of the same metrics is asked for first.

/// Advance widths of the printable ASCII characters in thousandths of the size.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// The width of any other character, about.
const OTHER: u16 = 556;

/// How wide `text` is at `size`, in the unit of `size`.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(|c| u32::from(advance(c))).sum();
    f64::from(thousandths) / 1000.0 * size
}

fn advance(c: char) -> u16 {
    let index = u32::from(c).checked_sub(u32::from(' '));
    index.and_then(|index| WIDTHS.get(index as usize)).copied().unwrap_or(OTHER)
}

/// `text` in the encoding WinAnsi, which the font has in every reader; what it
/// lacks becomes the nearest thing, or a question mark.
pub(super) fn win_ansi(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' | '\u{a0}'..='\u{ff}' => bytes.push(u32::from(c) as u8),
            '–' => bytes.push(0x96),
            '—' => bytes.push(0x97),
            '…' => bytes.push(0x85),
            '‘' => bytes.push(0x91),
            '’' => bytes.push(0x92),
            '“' => bytes.push(0x93),
            '”' => bytes.push(0x94),
            '\u{3bc}' => bytes.push(0xb5),
            '\u{2212}' => bytes.push(b'-'),
            '≤' => bytes.extend(b"<="),
            '≥' => bytes.extend(b">="),
            _ => bytes.push(b'?'),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_wide_as_the_font_says() {
        assert_eq!(width("Wi", 10.0), 9.44 + 2.22);
    }

    #[test]
    fn what_the_font_lacks_is_replaced() {
        assert_eq!(win_ansi("5 \u{3bc}s ≥ é…"), b"5 \xb5s >= \xe9\x85");
        assert_eq!(win_ansi("火"), b"?");
    }
}

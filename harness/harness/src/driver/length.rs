//! Lengths of time as they are typed: seconds, or with a unit.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads `600`, `600s` or `2h`.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    let expected = || format!("`{text}` is no length of time: expected such as 600, 600s or 2h");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| expected());
    }
    let signed: SignedDuration = text.parse().map_err(|_| expected())?;
    Duration::try_from(signed).map_err(|_| expected())
}

/// A length that may also be all there is: `-1`, as in Python scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AtMost(pub(super) Option<Duration>);

/// Reads a [`length`] or `-1`.
pub(super) fn at_most(text: &str) -> Result<AtMost, String> {
    if text == "-1" { Ok(AtMost(None)) } else { length(text).map(|length| AtMost(Some(length))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_seconds_or_has_a_unit() {
        let seconds = |text: &str| length(text).map(|length| length.as_secs_f64());
        assert_eq!(
            ["600", "600s", "2h", "0.5", "1m 30s"].map(seconds),
            [600.0, 600.0, 7200.0, 0.5, 90.0].map(Ok)
        );
        for text in ["-1", "soon", "nan", "-2h", ""] {
            assert!(length(text).is_err(), "{text}");
        }
        assert_eq!(
            (at_most("-1"), at_most("2h").map(|most| most.0.is_some())),
            (Ok(AtMost(None)), Ok(true))
        );
    }
}

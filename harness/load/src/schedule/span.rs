//! A length of time that prints as it parses: `250us`, `10ms`, `1.5s`, `2m`, `1h`.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// A length of time with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Duration);

/// The units, largest first, so that the first that divides a span names it.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Span {
    /// The length itself.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for Span {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        parse(text).with_context(|| {
            format!("`{text}` is no length of time\n(hint: a number and a unit: 250us, 10ms, 1.5s, 2m, 1h)")
        })
    }
}

impl TryFrom<String> for Span {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let whole = |(_, unit_ns): &&(&str, u64)| nanos.is_multiple_of(u128::from(*unit_ns));
        let (name, unit_ns) = UNITS.iter().find(whole).expect("one nanosecond divides all");
        if nanos == 0 {
            return formatter.write_str("0s");
        }
        write!(formatter, "{}{name}", nanos / u128::from(*unit_ns))
    }
}

fn parse(text: &str) -> Option<Span> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = text.split_at(digits);
    let (_, unit_ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number: f64 = number.parse().ok()?;
    let seconds = number * (*unit_ns as f64) / 1e9;
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    Some(Span(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_prints_as_it_parses() {
        for text in ["0s", "7ns", "250us", "10ms", "1500ms", "3s", "2m", "1h"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_fraction_of_a_unit_is_read() {
        assert_eq!("1.5s".parse::<Span>().unwrap().duration(), Duration::from_millis(1500));
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in ["", "10", "s", "-1s", "1 s", "1.2.3s", "10sec", "1e3s", "infs"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        insta::assert_snapshot!("10".parse::<Span>().unwrap_err(), @r"
        `10` is no length of time
        (hint: a number and a unit: 250us, 10ms, 1.5s, 2m, 1h)
        ");
    }
}

//! Requests per second: a positive number.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::ensure;

/// Requests per second, above 0 and at most a billion.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// One request each nanosecond, the unit of every schedule.
const MAX_PER_SECOND: f64 = 1e9;

impl Rate {
    /// A rate of `per_second` requests per second.
    ///
    /// # Errors
    /// If that is not above 0 and at most a billion.
    pub fn per_second(per_second: f64) -> anyhow::Result<Self> {
        ensure!(
            per_second > 0.0 && per_second <= MAX_PER_SECOND,
            "`{per_second}` is no rate\n(hint: requests per second, above 0 and at most 1e9)"
        );
        Ok(Self(per_second))
    }

    /// Requests per second.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// When the request `index` is due, from a start at 0: exact to a
    /// nanosecond for 104 days, because it is computed and never summed.
    #[must_use]
    pub fn due(self, index: u64) -> Duration {
        nanoseconds(index as f64 * 1e9 / self.0)
    }
}

/// The nearest whole number of nanoseconds.
pub(super) fn nanoseconds(ns: f64) -> Duration {
    Duration::from_nanos(ns.round() as u64)
}

impl FromStr for Rate {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = text.parse().ok().filter(|_| is_number);
        let Some(number) = number else {
            anyhow::bail!("`{text}` is no rate\n(hint: requests per second, such as 200 or 0.5)")
        };
        Self::per_second(number)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_prints_as_it_parses() {
        for text in ["5000", "0.5", "33.25"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_never_sends_or_sends_endlessly_is_refused() {
        for text in ["0", "-1", "nan", "inf", "", "1e3", "2000000000", "five"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_request_long_after_the_start_is_still_on_time() {
        let rate = Rate::per_second(3.0).unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(rate.due(3 * 86_400), day);
        assert_eq!(rate.due(3 * 86_400 + 1), day + Duration::from_nanos(333_333_333));
    }
}

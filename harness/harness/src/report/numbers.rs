//! Numbers as people read them: as many digits as the interval supports.

use stats::{Estimate, Interval};

use crate::analysis::Measure;

/// Digits of a number that has no interval to say how many mean something.
const PLAIN_DIGITS: i32 = 4;
/// No number shows more digits than this, however narrow its interval.
const MOST_DIGITS: i32 = 6;

/// A number, and its interval if it has one that is wider than a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// Such as `12.3`.
    pub(super) value: String,
    /// Such as `[11.9, 12.8]`.
    pub(super) interval: Option<String>,
}

impl Shown {
    /// An estimate without unit.
    pub(super) fn of(estimate: &Estimate) -> Self {
        let last = last_digit(estimate);
        let interval = estimate.interval.filter(|interval| interval.width() > 0.0);
        let value = rounded(estimate.value, last);
        Self {
            value: if interval.is_some() { value } else { without_zeros(value) },
            interval: interval.map(|Interval { low, high, .. }| {
                format!("[{}, {}]", rounded(low, last), rounded(high, last))
            }),
        }
    }

    /// Value and interval on one line.
    pub(super) fn joined(&self) -> String {
        match &self.interval {
            Some(interval) => format!("{} {interval}", self.value),
            None => self.value.clone(),
        }
    }
}

/// A measure with interval and unit; the unit `1` goes without saying.
pub(super) fn measure(measure: &Measure) -> String {
    let (factor, unit) = prefixed(&measure.unit, measure.estimate.value);
    let shown = Shown::of(&scaled(&measure.estimate, factor)).joined();
    if unit == "1" { shown } else { format!("{shown} {unit}") }
}

/// Units of which people say thousands, and their larger names.
const PREFIXED: [(&str, f64, &str); 8] = [
    ("B", 1e9, "GB"),
    ("B", 1e6, "MB"),
    ("B", 1e3, "kB"),
    ("bytes", 1e9, "GB"),
    ("bytes", 1e6, "MB"),
    ("bytes", 1e3, "kB"),
    ("us", 1e6, "s"),
    ("us", 1e3, "ms"),
];

fn prefixed(unit: &str, value: f64) -> (f64, &str) {
    PREFIXED
        .iter()
        .find(|(small, factor, _)| *small == unit && value.abs() >= *factor)
        .map_or((1.0, unit), |(_, factor, large)| (*factor, *large))
}

fn scaled(estimate: &Estimate, factor: f64) -> Estimate {
    let interval = estimate.interval.map(|interval| Interval {
        low: interval.low / factor,
        high: interval.high / factor,
        ..interval
    });
    Estimate { value: estimate.value / factor, interval, ..*estimate }
}

/// A number without the zeros that end its decimals.
fn without_zeros(number: String) -> String {
    if number.contains('.') && !number.contains('e') {
        return number.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    number
}

/// The power of ten of the last digit to show: an interval's width is told to
/// two digits.
fn last_digit(estimate: &Estimate) -> i32 {
    let Some(interval) = estimate.interval.filter(|interval| interval.width() > 0.0) else {
        let is_count = estimate.value.fract() == 0.0 && estimate.value.abs() < 1e15;
        return if is_count { 0 } else { magnitude(estimate.value) + 1 - PLAIN_DIGITS };
    };
    let by_width = magnitude(interval.width()) - 1;
    let largest = magnitude(interval.low.abs().max(interval.high.abs()));
    // A vast interval still shows two digits of its larger end.
    by_width.min(largest - 1).max(largest + 1 - MOST_DIGITS)
}

fn magnitude(value: f64) -> i32 {
    if value == 0.0 || !value.is_finite() { 0 } else { value.abs().log10().floor() as i32 }
}

fn rounded(value: f64, last: i32) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "-∞".into() };
    }
    if value.is_nan() {
        return "not a number".into();
    }
    if (1..=15).contains(&last) {
        let place = 10f64.powi(last);
        return format!("{:.0}", (value / place).round() * place);
    }
    let decimals = usize::try_from(-last).unwrap_or(0);
    if decimals <= 7 {
        return format!("{value:.decimals$}");
    }
    let digits = usize::try_from(magnitude(value) - last).unwrap_or(0);
    format!("{value:.digits$e}")
}

#[cfg(test)]
mod tests {
    use stats::Method;

    use super::*;
    use crate::analysis::Basis;

    fn between(low: f64, value: f64, high: f64) -> Estimate {
        let interval = Some(Interval { low, high, confidence: 0.95 });
        Estimate { value, interval, n: 5, method: Method::StudentT }
    }

    fn alone(value: f64) -> Estimate {
        Estimate { value, interval: None, n: 1, method: Method::StudentT }
    }

    #[track_caller]
    fn check(estimate: Estimate, expected: &str) {
        assert_eq!(Shown::of(&estimate).joined(), expected);
    }

    #[test]
    fn the_interval_says_how_many_digits_mean_something() {
        check(between(11.9312, 12.3456, 12.8012), "12.35 [11.93, 12.80]");
        check(between(12.1034, 12.3456, 12.5012), "12.35 [12.10, 12.50]");
        check(
            between(118_400_123.0, 123_456_789.0, 128_000_321.0),
            "123500000 [118400000, 128000000]",
        );
    }

    #[test]
    fn a_vast_interval_leaves_its_ends_legible() {
        check(between(-10.2, 3.4, 20.1), "3 [-10, 20]");
        check(between(0.05, 0.35, 1.2), "0.3 [0.1, 1.2]");
    }

    #[test]
    fn a_very_narrow_interval_does_not_flood_the_line() {
        check(between(0.123456788, 0.123456789, 0.12345679), "0.123457 [0.123457, 0.123457]");
    }

    #[test]
    fn without_an_interval_four_digits_stand() {
        check(alone(0.123456), "0.1235");
        check(alone(7.5), "7.5");
        check(alone(1_234_567.0), "1234567");
        check(alone(0.0), "0");
        check(alone(3.2e-9), "3.200e-9");
    }

    #[test]
    fn identical_samples_show_no_interval() {
        check(between(42.0, 42.0, 42.0), "42");
    }

    #[test]
    fn what_is_no_number_says_so() {
        check(alone(f64::NAN), "not a number");
        check(between(0.5, 2.0, f64::INFINITY), "2.0 [0.5, ∞]");
    }

    #[test]
    fn a_measure_names_its_unit_and_large_ones_get_a_prefix() {
        let in_unit = |unit: &str, estimate| {
            measure(&Measure { estimate, unit: unit.into(), basis: Basis::Counted })
        };
        assert_eq!(in_unit("1", between(1.92, 2.0, 2.1)), "2.00 [1.92, 2.10]");
        assert_eq!(in_unit("s", between(1.92, 2.0, 2.1)), "2.00 [1.92, 2.10] s");
        assert_eq!(in_unit("bytes", between(1.9e6, 2.0e6, 2.2e6)), "2.00 [1.90, 2.20] MB");
    }
}

//! Where an interval lies with respect to a tolerance.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{estimate::Estimate, interval::Interval};

/// The values that a check accepts; an absent bound accepts everything on its side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct Tolerance {
    /// The least value accepted.
    pub low: Option<f64>,
    /// The greatest value accepted.
    pub high: Option<f64>,
}

/// Why two bounds make no tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ToleranceError {
    /// Neither bound is given.
    #[error("a tolerance without bounds accepts everything: give `low`, `high` or both")]
    Unbounded,
    /// The bounds accept nothing, or one of them is NaN.
    #[error("no value lies between low = {low} and high = {high}: exchange or correct them")]
    Empty {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
}

/// Where an interval lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// All of it is accepted.
    Inside,
    /// None of it is.
    Outside,
    /// Some of it is, so that more trials are needed; or an end is NaN.
    Straddles,
}

impl Tolerance {
    /// Accepts `low` and everything above.
    pub fn at_least(low: f64) -> Tolerance {
        Tolerance { low: Some(low), high: None }
    }

    /// Accepts `high` and everything below.
    pub fn at_most(high: f64) -> Tolerance {
        Tolerance { low: None, high: Some(high) }
    }

    /// Accepts the range, ends included.
    pub fn within(range: RangeInclusive<f64>) -> Tolerance {
        Tolerance { low: Some(*range.start()), high: Some(*range.end()) }
    }

    /// These bounds, if they accept something and refuse something.
    ///
    /// # Errors
    /// If neither bound is given, if the lower one is above the upper one, or if
    /// one of them is NaN.
    pub fn checked(self) -> Result<Tolerance, ToleranceError> {
        if self.low.is_none() && self.high.is_none() {
            return Err(ToleranceError::Unbounded);
        }
        let (low, high) = (self.low_or_unbounded(), self.high_or_unbounded());
        if low <= high { Ok(self) } else { Err(ToleranceError::Empty { low, high }) }
    }

    /// Whether one value is accepted.
    pub fn accepts(&self, value: f64) -> bool {
        value >= self.low_or_unbounded() && value <= self.high_or_unbounded()
    }

    fn low_or_unbounded(&self) -> f64 {
        self.low.unwrap_or(f64::NEG_INFINITY)
    }

    fn high_or_unbounded(&self) -> f64 {
        self.high.unwrap_or(f64::INFINITY)
    }
}

/// Where the interval lies with respect to the tolerance, bounds included.
pub fn place(interval: &Interval, tolerance: &Tolerance) -> Placement {
    let (low, high) = (tolerance.low_or_unbounded(), tolerance.high_or_unbounded());
    if interval.low >= low && interval.high <= high {
        Placement::Inside
    } else if interval.high < low || interval.low > high {
        Placement::Outside
    } else {
        Placement::Straddles
    }
}

/// How many trials would decide, if the value stays and each side of the
/// interval shrinks with the square root of their number.
///
/// The present number if it is decided already. None if there is no interval
/// to extrapolate from, if the value lies on a bound, or if the answer is
/// beyond any practice (more than a billion).
pub fn trials_to_decide(estimate: &Estimate, tolerance: &Tolerance) -> Option<usize> {
    const TRIALS_MAX: f64 = 1e9;
    let interval = estimate.interval?;
    if interval.low.is_nan() || interval.high.is_nan() {
        return None;
    }
    if place(&interval, tolerance) != Placement::Straddles {
        return Some(estimate.n);
    }
    let sides = [
        (tolerance.low_or_unbounded(), estimate.value - interval.low),
        (tolerance.high_or_unbounded(), interval.high - estimate.value),
    ];
    let factor = if tolerance.accepts(estimate.value) {
        let [low, high] = sides.map(|(bound, reach)| growth(estimate.value, bound, reach));
        low.max(high)
    } else if estimate.value < tolerance.low_or_unbounded() {
        growth(estimate.value, tolerance.low_or_unbounded(), interval.high - estimate.value)
    } else {
        growth(estimate.value, tolerance.high_or_unbounded(), estimate.value - interval.low)
    };
    let trials = (estimate.n as f64 * factor.max(1.0)).floor() + 1.0;
    (trials <= TRIALS_MAX).then_some(trials as usize)
}

/// By how much the trials must grow for `reach` to fall short of the bound.
fn growth(value: f64, bound: f64, reach: f64) -> f64 {
    (reach / (value - bound).abs()).powi(2)
}

/// A tolerance as it is written down, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl TryFrom<Bounds> for Tolerance {
    type Error = ToleranceError;

    fn try_from(Bounds { low, high }: Bounds) -> Result<Tolerance, ToleranceError> {
        Tolerance { low, high }.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::Method;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { low, high, confidence: 0.95 }
    }

    #[track_caller]
    fn check_place(low: f64, high: f64, tolerance: Tolerance, expected: Placement) {
        assert_eq!(place(&interval(low, high), &tolerance), expected);
    }

    #[test]
    fn an_interval_lies_inside_outside_or_astride_one_bound() {
        let at_least = Tolerance::at_least(2.0);
        check_place(2.1, 3.0, at_least, Placement::Inside);
        check_place(1.0, 1.9, at_least, Placement::Outside);
        check_place(1.9, 2.1, at_least, Placement::Straddles);
        let at_most = Tolerance::at_most(2.0);
        check_place(1.0, 1.9, at_most, Placement::Inside);
        check_place(2.1, 3.0, at_most, Placement::Outside);
        check_place(1.9, 2.1, at_most, Placement::Straddles);
    }

    #[test]
    fn an_interval_lies_inside_outside_or_astride_a_range() {
        let range = Tolerance::within(1.0..=2.0);
        check_place(1.2, 1.8, range, Placement::Inside);
        check_place(0.2, 0.8, range, Placement::Outside);
        check_place(2.2, 2.8, range, Placement::Outside);
        check_place(0.8, 1.2, range, Placement::Straddles);
        check_place(1.8, 2.2, range, Placement::Straddles);
        check_place(0.8, 2.2, range, Placement::Straddles);
    }

    #[test]
    fn the_bounds_themselves_are_accepted() {
        let range = Tolerance::within(1.0..=2.0);
        check_place(1.0, 2.0, range, Placement::Inside);
        check_place(0.5, 1.0, range, Placement::Straddles);
        check_place(2.0, 2.0, range, Placement::Inside);
        assert!(range.accepts(1.0) && range.accepts(2.0) && !range.accepts(2.0 + 1e-9));
    }

    #[test]
    fn nan_decides_nothing() {
        check_place(f64::NAN, 1.0, Tolerance::at_most(2.0), Placement::Straddles);
        check_place(1.0, f64::NAN, Tolerance::at_least(0.5), Placement::Straddles);
        assert!(!Tolerance::at_least(0.0).accepts(f64::NAN));
    }

    #[track_caller]
    fn check_trials(
        (low, value, high): (f64, f64, f64),
        tolerance: Tolerance,
        expected: Option<usize>,
    ) {
        let interval = Some(interval(low, high));
        let estimate = Estimate { value, interval, n: 10, method: Method::BootstrapT };
        assert_eq!(trials_to_decide(&estimate, &tolerance), expected);
    }

    #[test]
    fn an_interval_that_must_halve_takes_four_times_the_trials() {
        // One more than 40, at which the interval would still touch the bound.
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(1.5), Some(41));
        check_trials((1.0, 2.0, 3.0), Tolerance::at_most(2.5), Some(41));
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(2.5), Some(41));
        check_trials((1.0, 2.0, 3.0), Tolerance::at_most(1.5), Some(41));
    }

    #[test]
    fn the_nearer_bound_decides_and_each_side_has_its_own_reach() {
        check_trials((1.0, 2.0, 3.0), Tolerance::within(1.5..=2.25), Some(161));
        check_trials((0.0, 2.0, 3.0), Tolerance::within(1.0..=2.5), Some(41));
        check_trials((1.8, 2.0, 3.0), Tolerance::at_most(2.5), Some(41));
        check_trials((1.0, 2.0, 4.0), Tolerance::within(2.5..=9.0), Some(161));
    }

    #[test]
    fn what_is_decided_needs_no_more_trials() {
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(0.5), Some(10));
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(3.5), Some(10));
    }

    #[test]
    fn no_number_of_trials_decides_on_a_bound_or_without_an_interval() {
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(2.0), None);
        check_trials((1.0, 2.0, 3.0), Tolerance::at_least(2.0 - 1e-7), None);
        check_trials((1.0, 2.0, f64::NAN), Tolerance::at_most(2.5), None);
        let single = Estimate { value: 1.0, interval: None, n: 1, method: Method::StudentT };
        assert_eq!(trials_to_decide(&single, &Tolerance::at_least(0.5)), None);
    }

    #[track_caller]
    fn check_refused(text: &str, message: &str) {
        let error = serde_json::from_str::<Tolerance>(text).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }

    #[test]
    fn a_tolerance_that_accepts_everything_or_nothing_is_refused() {
        check_refused("{}", "a tolerance without bounds accepts everything");
        check_refused(r#"{"low": 2.0, "high": 1.0}"#, "no value lies between low = 2 and high = 1");
        check_refused(r#"{"lo": 2.0}"#, "unknown field `lo`");
    }

    #[test]
    fn a_tolerance_survives_a_round_trip() {
        for tolerance in [Tolerance::at_least(1.0), Tolerance::within(0.5..=2.0)] {
            let text = serde_json::to_string(&tolerance).unwrap();
            assert_eq!(serde_json::from_str::<Tolerance>(&text).unwrap(), tolerance);
        }
    }
}

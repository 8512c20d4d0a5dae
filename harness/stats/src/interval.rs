//! A confidence interval and the few questions asked of it.

use serde::{Deserialize, Serialize};

/// A two-sided confidence interval; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The nominal two-sided confidence, such as 0.95.
    pub confidence: f64,
}

impl Interval {
    /// Whether `value` lies within the interval, ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether the two intervals share at least one point. A NaN end shares none.
    pub fn overlaps(&self, other: &Interval) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    /// The distance from the lower to the upper end.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The interval with each end moved outward by `relative` of its own magnitude.
    #[must_use]
    pub fn widened(&self, relative: f64) -> Interval {
        assert!(relative >= 0.0, "an interval is widened by a share of at least 0, not {relative}");
        Interval {
            low: self.low - relative * self.low.abs(),
            high: self.high + relative * self.high.abs(),
            confidence: self.confidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { low, high, confidence: 0.95 }
    }

    #[test]
    fn ends_belong_to_the_interval() {
        let unit = interval(0.0, 1.0);
        assert!(unit.contains(0.0) && unit.contains(1.0));
        assert!(!unit.contains(-1e-9) && !unit.contains(1.0 + 1e-9));
    }

    #[test]
    fn intervals_that_touch_overlap() {
        assert!(interval(0.0, 1.0).overlaps(&interval(1.0, 2.0)));
        assert!(interval(1.0, 2.0).overlaps(&interval(0.0, 1.0)));
        assert!(interval(0.0, 3.0).overlaps(&interval(1.0, 2.0)));
        assert!(!interval(0.0, 1.0).overlaps(&interval(1.1, 2.0)));
    }

    #[test]
    fn nothing_overlaps_or_lies_within_nan() {
        let broken = interval(f64::NAN, 1.0);
        assert!(!broken.contains(0.5));
        assert!(!broken.overlaps(&interval(0.0, 1.0)));
        assert!(!interval(0.0, 1.0).contains(f64::NAN));
    }

    #[test]
    fn widening_moves_both_ends_outward_whatever_their_sign() {
        assert_eq!(interval(10.0, 20.0).widened(0.1), interval(9.0, 22.0));
        assert_eq!(interval(-10.0, 20.0).widened(0.1), interval(-11.0, 22.0));
        assert_eq!(interval(-20.0, -10.0).widened(0.1), interval(-22.0, -9.0));
    }

    #[test]
    fn width_is_high_less_low() {
        assert_eq!(interval(-1.0, 2.5).width(), 3.5);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = r#"{"low": 0.0, "high": 1.0, "confidence": 0.95, "hgih": 2.0}"#;
        let error = serde_json::from_str::<Interval>(text).unwrap_err();
        assert!(error.to_string().contains("unknown field `hgih`"), "{error}");
    }
}

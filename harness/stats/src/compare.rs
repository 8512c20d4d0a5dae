//! Whether a new result differs from an accepted one by more than noise.

use crate::interval::Interval;

/// Whether the intervals have no point in common.
///
/// Two 95 % intervals of one and the same mean miss each other in 0.3 to 0.7 %
/// of comparisons (3 to 30 samples), two of 99 % in less than 0.1 %: a snapshot
/// of many values does well to accept the wider ones.
/// An interval with a NaN end counts as shifted: it must be looked at.
pub fn shifted(old: &Interval, new: &Interval) -> bool {
    !old.overlaps(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { low, high, confidence: 0.95 }
    }

    #[test]
    fn an_overlapping_interval_is_no_shift() {
        assert!(!shifted(&interval(1.0, 2.0), &interval(1.9, 3.0)));
        assert!(!shifted(&interval(1.0, 2.0), &interval(2.0, 3.0)));
        assert!(!shifted(&interval(1.0, 2.0), &interval(0.0, 9.0)));
    }

    #[test]
    fn a_disjoint_interval_is_a_shift_in_either_direction() {
        assert!(shifted(&interval(1.0, 2.0), &interval(2.1, 3.0)));
        assert!(shifted(&interval(2.1, 3.0), &interval(1.0, 2.0)));
    }

    #[test]
    fn nan_is_a_shift() {
        assert!(shifted(&interval(1.0, 2.0), &interval(f64::NAN, 3.0)));
    }
}

//! How values become lengths along an axis, and where round values lie on it.

use crate::analysis::Scale;

impl Scale {
    /// Whether `value` has a place.
    pub(super) fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Linear => true,
                Self::Logarithmic => value > 0.0,
                Self::Percentile => (0.0..100.0).contains(&value),
            }
    }

    /// The length, from an origin and in a unit of the scale's own.
    pub(super) fn length(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.log10(),
            Self::Percentile => 2.0 - (100.0 - value).log10(),
        }
    }

    /// The value at a length.
    pub(super) fn value(self, length: f64) -> f64 {
        match self {
            Self::Linear => length,
            Self::Logarithmic => 10f64.powf(length),
            Self::Percentile => 100.0 - 10f64.powf(2.0 - length),
        }
    }
}

/// Round values that a logarithmic axis from `low` to `high` shows, about
/// `n_ticks`; the first is at most `low`, the last at least `high`. Few decades
/// are divided at 2 and 5, of many some are left out.
pub(super) fn round_values(low: f64, high: f64, n_ticks: u32) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let n_decades = (last - first).max(1).unsigned_abs();
    let every = n_decades.div_ceil(n_ticks) as usize;
    let digits: &[f64] = if n_decades * 3 <= n_ticks + 1 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let end = first + (n_decades.next_multiple_of(every as u32)) as i32;
    let decades = (first..=end).step_by(every);
    let values: Vec<f64> = decades
        .flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)))
        .collect();
    let from = values.iter().rposition(|value| *value <= low * (1.0 + 1e-9)).unwrap_or(0);
    let to = values.iter().position(|value| *value >= high * (1.0 - 1e-9));
    let to = to.unwrap_or(values.len() - 1).max(from + 1).min(values.len() - 1);
    values[from..=to].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_is_as_long_as_any_other() {
        let length = |value| Scale::Logarithmic.length(value);
        assert!((length(100.0) - length(10.0) - (length(0.1) - length(0.01))).abs() < 1e-12);
        assert!((Scale::Logarithmic.value(length(0.37)) - 0.37).abs() < 1e-12);
    }

    #[test]
    fn a_nine_is_as_long_as_any_other() {
        let length = |value| Scale::Percentile.length(value);
        let lengths = [0.0, 90.0, 99.0, 99.9].map(length);
        let expected = [0.0, 1.0, 2.0, 3.0];
        assert!(lengths.iter().zip(expected).all(|(found, nines)| (found - nines).abs() < 1e-9));
        assert!((Scale::Percentile.value(length(95.0)) - 95.0).abs() < 1e-9);
        assert!(!Scale::Percentile.holds(100.0) && !Scale::Percentile.holds(-0.1));
    }

    #[test]
    fn nothing_but_positive_values_has_a_place_on_a_logarithmic_axis() {
        assert!(Scale::Linear.holds(0.0) && Scale::Linear.holds(-1.0));
        let values = [0.0, -1.0, f64::NAN, f64::INFINITY];
        assert!(values.into_iter().all(|value| !Scale::Logarithmic.holds(value)));
    }

    #[test]
    fn round_values_enclose_what_is_shown() {
        assert_eq!(
            round_values(0.004, 37_000.0, 8),
            [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e5]
        );
        assert_eq!(round_values(3.0, 40.0, 6), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(round_values(2.0, 2.0, 6), [2.0, 5.0]);
        assert_eq!(
            round_values(16.0, 1260.0, 8),
            [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3]
        );
    }

    #[test]
    fn of_many_decades_some_are_left_out() {
        assert_eq!(round_values(1e-6, 1e6, 6), [1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6]);
    }
}

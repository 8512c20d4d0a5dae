//! How times spread: a histogram of three digits, asked for many quantiles at once.

use hdrhistogram::{Counter, Histogram};

use crate::time::Nanos;

/// Values are kept to one in a thousand.
const DIGITS: u8 = 3;

/// Times, each kept to three digits, the largest exactly.
#[derive(Debug, Clone)]
pub(super) struct Spread<C: Counter> {
    histogram: Histogram<C>,
    max: Nanos,
}

impl<C: Counter> Default for Spread<C> {
    fn default() -> Self {
        let histogram = Histogram::new(DIGITS).expect("three digits are few enough");
        Self { histogram, max: 0 }
    }
}

impl<C: Counter> Spread<C> {
    pub(super) fn record(&mut self, value: Nanos) {
        self.histogram.record(value).expect("it grows to hold any time");
        self.max = self.max.max(value);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("it grows to hold any time");
        self.max = self.max.max(other.max);
    }

    pub(super) fn max(&self) -> Nanos {
        self.max
    }

    /// Quantiles with linear interpolation between neighbours, as pandas has them,
    /// at levels from 0 to 1 in ascending order. Nothing if it is empty.
    pub(super) fn quantiles(&self, levels: &[f64]) -> Vec<f64> {
        assert!(levels.is_sorted(), "quantiles are found in one pass");
        let n_values = self.histogram.len();
        if n_values == 0 {
            return Vec::new();
        }
        let mut ranked = Ranked::new(self);
        let quantile = |level: &f64| {
            let rank = level * (n_values - 1) as f64;
            let below = ranked.at(rank.floor() as u64);
            // The upper neighbour is looked at, not stepped to: the next level may
            // be between the same two.
            let above = ranked.clone().at(rank.ceil() as u64);
            below + rank.fract() * (above - below)
        };
        levels.iter().map(quantile).collect()
    }
}

/// Values by their rank, from 0, in ascending order.
#[derive(Clone)]
struct Ranked<'a, C: Counter> {
    spread: &'a Spread<C>,
    /// The value from which on cells are still to come.
    next: Nanos,
    /// The cell that was stepped to, as the middle of the values it stands for.
    value: f64,
    /// How many values are in cells up to it.
    n_passed: u64,
}

impl<'a, C: Counter> Ranked<'a, C> {
    fn new(spread: &'a Spread<C>) -> Self {
        Self { spread, next: 0, value: 0.0, n_passed: 0 }
    }

    fn at(&mut self, rank: u64) -> f64 {
        let histogram = &self.spread.histogram;
        while self.n_passed <= rank && self.next <= self.spread.max {
            let count = histogram.count_at(self.next).as_u64();
            if count > 0 {
                self.n_passed += count;
                let highest = histogram.highest_equivalent(self.next).min(self.spread.max);
                let lowest = histogram.lowest_equivalent(self.next);
                self.value = (lowest as f64 + highest as f64) / 2.0;
            }
            self.next = histogram.next_non_equivalent(self.next);
        }
        if rank + 1 == histogram.len() { self.spread.max as f64 } else { self.value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: impl IntoIterator<Item = Nanos>) -> Spread<u32> {
        let mut spread = Spread::default();
        values.into_iter().for_each(|value| spread.record(value));
        spread
    }

    #[test]
    fn quantiles_are_interpolated_between_neighbours() {
        let spread = spread([10, 30, 20, 40]);
        assert_eq!(spread.quantiles(&[0.0, 0.1, 0.5, 0.5, 1.0]), [10.0, 13.0, 25.0, 25.0, 40.0]);
    }

    #[test]
    fn one_value_is_every_quantile_and_none_has_no_quantiles() {
        assert_eq!(spread([7]).quantiles(&[0.0, 0.5, 1.0]), [7.0; 3]);
        assert!(spread([]).quantiles(&[0.5]).is_empty());
    }

    #[test]
    fn values_are_kept_to_one_in_a_thousand_and_the_largest_exactly() {
        let spread = spread((0..=100).map(|i| 1_000_000_007 + i * 30_000_001));
        let quantiles = spread.quantiles(&[0.0, 0.25, 0.5, 1.0]);
        for (found, i) in quantiles.iter().zip([0.0, 25.0, 50.0]) {
            let exact = 1_000_000_007.0 + i * 30_000_001.0;
            assert!((found / exact - 1.0).abs() < 1e-3, "{found} for {exact}");
        }
        assert_eq!(quantiles[3], 4_000_000_107.0);
        assert_eq!(spread.max(), 4_000_000_107);
    }

    #[test]
    fn what_is_added_counts_as_if_recorded() {
        let (mut first, second) = (spread([10, 40]), spread([20, 30]));
        first.add(&second);
        assert_eq!(first.quantiles(&[0.0, 0.5, 1.0]), [10.0, 25.0, 40.0]);
    }
}

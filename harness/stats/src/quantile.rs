//! Quantiles by nearest rank, with exact intervals between order statistics.
//!
//! The q-quantile of n values is the one at rank ⌈q·n⌉ (nearest rank, ranks
//! from 1), so it is always a value that was seen. Its interval lies between
//! two order statistics: below the lower one at most (1 − confidence) / 2 of
//! the probability is lost, and above the upper one the same, each tail by
//! itself, by exact binomial sums and for any distribution. Where the ranks
//! that this needs do not exist, as for the p99 of 100 values, there is no
//! interval. Values that tie, or are all alike, need no exception.

use serde::{Deserialize, Serialize};

use crate::{
    estimate::{Estimate, Method},
    interval::Interval,
    sample::{self, SampleError},
    special::binomial_cdf,
};

/// Which quantile, and how sure its interval shall be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// The share of values at or below it, between 0 and 1, such as 0.99.
    pub level: f64,
    /// The two-sided confidence of the interval, such as 0.95.
    pub confidence: f64,
}

/// The ranks, counted from 1, between which a quantile lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranks {
    /// The rank of the lower end.
    pub low: usize,
    /// The rank of the upper end.
    pub high: usize,
    /// The confidence that these ranks have, at least the one asked for.
    pub confidence: f64,
}

/// A sample in ascending order, ready to be asked for quantiles.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedSample {
    values: Vec<f64>,
}

impl Quantile {
    /// The nearest rank among `n` values, counted from 1.
    pub fn nearest_rank(&self, n: usize) -> usize {
        self.assert_valid();
        // The product may lie a rounding error above the whole number that it
        // is on paper (0.07 · 100 = 7.000000000000001), which must not cost a rank.
        let exact = self.level * n as f64;
        let rounded = exact.round();
        let rank = if (exact - rounded).abs() <= 1e-9 * rounded { rounded } else { exact.ceil() };
        (rank as usize).clamp(1, n)
    }

    /// The ranks of the interval among `n` values; none where `n` is too small.
    pub fn ranks(&self, n: usize) -> Option<Ranks> {
        self.assert_valid();
        let tail = 0.5 * (1.0 - self.confidence);
        // The quantile lies below rank r when fewer than r values do: P(X ≤ r − 1).
        let below = |rank: usize| binomial_cdf(rank - 1, n, self.level);
        let low = last_rank(n, |rank| below(rank) <= tail)?;
        let high = last_rank(n, |rank| 1.0 - below(rank) > tail).map_or(1, |rank| rank + 1);
        (high <= n).then(|| Ranks { low, high, confidence: below(high) - below(low) })
    }

    fn assert_valid(&self) {
        assert!(self.level > 0.0 && self.level < 1.0, "no quantile at {}", self.level);
        assert!(self.confidence > 0.0 && self.confidence < 1.0, "{}", self.confidence);
    }
}

impl OrderedSample {
    /// Orders the samples, which may come in any order.
    ///
    /// # Errors
    /// If there is no sample, or one that is not finite.
    pub fn new(samples: &[f64]) -> Result<OrderedSample, SampleError> {
        sample::check(samples)?;
        Ok(OrderedSample { values: sample::sorted(samples) })
    }

    /// The values, ascending; never empty.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The quantile by nearest rank, with its order-statistic interval.
    pub fn quantile(&self, quantile: Quantile) -> Estimate {
        let n = self.values.len();
        let at = |rank: usize| self.values[rank - 1];
        Estimate {
            value: at(quantile.nearest_rank(n)),
            interval: quantile.ranks(n).map(|ranks| Interval {
                low: at(ranks.low),
                high: at(ranks.high),
                confidence: quantile.confidence,
            }),
            n,
            method: Method::OrderStatistic,
        }
    }
}

/// The last rank of 1..=n that `holds`, which holds up to some rank and not beyond.
fn last_rank(n: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, n + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle } else { high = middle }
    }
    (low > 0).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(level: f64) -> Quantile {
        Quantile { level, confidence: 0.95 }
    }

    /// P(`from` ≤ X ≤ `to`) of a binomial, by Pascal's triangle: no shared code.
    fn binomial_between(from: usize, to: usize, n: usize, p: f64) -> f64 {
        let mut terms = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; terms.len() + 1];
            for (k, term) in terms.iter().enumerate() {
                next[k] += term * (1.0 - p);
                next[k + 1] += term * p;
            }
            terms = next;
        }
        terms[from..=to].iter().sum()
    }

    #[track_caller]
    fn check_rank(level: f64, n: usize, expected: usize) {
        assert_eq!(at(level).nearest_rank(n), expected, "level {level} of {n}");
    }

    #[test]
    fn the_nearest_rank_is_the_level_times_n_rounded_up() {
        check_rank(0.5, 1, 1);
        check_rank(0.5, 2, 1);
        check_rank(0.5, 3, 2);
        check_rank(0.5, 10, 5);
        check_rank(0.9, 10, 9);
        check_rank(0.91, 10, 10);
        check_rank(0.99, 100, 99);
        check_rank(0.999, 100, 100);
        check_rank(0.001, 100, 1);
    }

    #[test]
    fn a_rounding_error_costs_no_rank() {
        // In floating point 0.07 · 100 is 7.000000000000001.
        check_rank(0.07, 100, 7);
        check_rank(0.95, 100_000, 95_000);
        check_rank(0.999, 1_000_000, 999_000);
    }

    #[track_caller]
    fn check_ranks(level: f64, n: usize, expected: Option<(usize, usize)>) {
        let found = at(level).ranks(n);
        assert_eq!(found.map(|ranks| (ranks.low, ranks.high)), expected, "level {level} of {n}");
    }

    #[test]
    fn the_ranks_of_a_median_are_those_of_the_printed_tables() {
        check_ranks(0.5, 5, None);
        check_ranks(0.5, 6, Some((1, 6)));
        check_ranks(0.5, 10, Some((2, 9)));
        check_ranks(0.5, 50, Some((18, 33)));
        check_ranks(0.5, 100, Some((40, 61)));
    }

    #[test]
    fn a_high_quantile_needs_enough_samples_above_it() {
        check_ranks(0.99, 100, None);
        check_ranks(0.99, 367, None);
        check_ranks(0.99, 368, Some((360, 368)));
        check_ranks(0.01, 367, None);
        check_ranks(0.01, 368, Some((1, 9)));
    }

    #[test]
    fn either_tail_loses_no_more_than_its_half_and_the_next_rank_would() {
        const TAIL: f64 = 0.025;
        for n in [10, 50, 100, 400] {
            for level in [0.5, 0.75, 0.9] {
                let Some(ranks) = at(level).ranks(n) else {
                    assert!(level.powi(n as i32) > TAIL, "level {level} of {n} has ranks");
                    continue;
                };
                let below = |rank: usize| binomial_between(0, rank - 1, n, level);
                let above = |rank: usize| binomial_between(rank, n, n, level);
                assert!(below(ranks.low) <= TAIL && below(ranks.low + 1) > TAIL, "{ranks:?}");
                assert!(above(ranks.high) <= TAIL && above(ranks.high - 1) > TAIL, "{ranks:?}");
                let kept = binomial_between(ranks.low, ranks.high - 1, n, level);
                assert!((ranks.confidence - kept).abs() < 1e-12, "{ranks:?} keep {kept}");
            }
        }
    }

    #[test]
    fn the_ranks_of_a_million_are_found() {
        let ranks = at(0.99).ranks(1_000_000).unwrap();
        // Near normal: 990,000 ± 1.96 · √(n · 0.99 · 0.01) = 990,000 ± 195.
        assert!((ranks.low as i64 - 989_805).abs() <= 2, "{ranks:?}");
        assert!((ranks.high as i64 - 990_196).abs() <= 2, "{ranks:?}");
    }

    #[test]
    fn a_quantile_and_its_interval_are_values_of_the_sample() {
        let descending: Vec<f64> = (1..=50).rev().map(f64::from).collect();
        let estimate = OrderedSample::new(&descending).unwrap().quantile(at(0.5));
        assert_eq!(estimate.value, 25.0);
        let interval = Interval { low: 18.0, high: 33.0, confidence: 0.95 };
        assert_eq!(estimate.interval, Some(interval));
        assert_eq!((estimate.n, estimate.method), (50, Method::OrderStatistic));
    }

    #[test]
    fn a_small_sample_has_a_quantile_without_an_interval() {
        let estimate = OrderedSample::new(&[3.0, 1.0, 2.0]).unwrap().quantile(at(0.99));
        assert_eq!((estimate.value, estimate.interval), (3.0, None));
    }
}

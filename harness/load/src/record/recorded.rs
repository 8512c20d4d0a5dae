//! Times in a histogram: bounded memory, three significant digits, mergeable.

use std::time::Duration;

use hdrhistogram::Histogram;
use stats::Quantile;

/// The largest time that keeps its three digits. A larger one is recorded as
/// this, and counted apart; its true value stays in the mean and the maximum.
pub const TOP: Duration = Duration::from_secs(3600);

/// How many significant decimal digits a time keeps.
pub const DIGITS: u8 = 3;

/// Times, of which the number, the sum and the maximum are exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    histogram: Histogram<u64>,
    sum_ns: u128,
    max_ns: u64,
    n_above_top: u64,
}

impl Default for Recorded {
    fn default() -> Self {
        Self::from(empty())
    }
}

/// An empty histogram of nanoseconds.
pub(crate) fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, TOP.as_nanos() as u64, DIGITS)
        .expect("the bounds are far enough apart, and the digits few")
}

/// A histogram that was read back knows its sum and maximum to three digits.
impl From<Histogram<u64>> for Recorded {
    fn from(histogram: Histogram<u64>) -> Self {
        let sum_ns = (histogram.mean() * histogram.len() as f64) as u128;
        Self { sum_ns, max_ns: histogram.max(), n_above_top: 0, histogram }
    }
}

impl Recorded {
    /// Records one time.
    pub fn record(&mut self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum_ns += u128::from(ns);
        self.max_ns = self.max_ns.max(ns);
        if ns > TOP.as_nanos() as u64 {
            self.n_above_top += 1;
        }
        self.histogram.saturating_record(ns.min(TOP.as_nanos() as u64));
    }

    /// Adds all times of another.
    pub fn merge(&mut self, other: &Self) {
        if other.n() == 0 {
            return;
        }
        self.histogram.add(&other.histogram).expect("all histograms here have the same bounds");
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
        self.n_above_top += other.n_above_top;
    }

    /// Forgets all times and keeps the memory.
    pub fn clear(&mut self) {
        if self.n() > 0 {
            self.histogram.reset();
        }
        (self.sum_ns, self.max_ns, self.n_above_top) = (0, 0, 0);
    }

    /// How many times were recorded.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.histogram.len()
    }

    /// How many of them lay above [`TOP`].
    #[must_use]
    pub fn n_above_top(&self) -> u64 {
        self.n_above_top
    }

    /// The largest, exactly.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// The mean; none without a time.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let n = u128::from(self.n());
        let mean_ns = self.sum_ns.checked_div(n)?;
        Some(Duration::from_nanos(u64::try_from(mean_ns).unwrap_or(u64::MAX)))
    }

    /// The upper edge of the bucket that holds the nearest rank ⌈level·n⌉, at
    /// most the maximum; none without a time.
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<Duration> {
        let n = usize::try_from(self.n()).ok().filter(|n| *n > 0)?;
        let rank = Quantile { level, confidence: CONFIDENCE }.nearest_rank(n) as u64;
        let mut seen = 0;
        for bucket in self.histogram.iter_recorded() {
            seen += bucket.count_at_value();
            if seen >= rank {
                let upper_ns = self.histogram.highest_equivalent(bucket.value_iterated_to());
                return Some(Duration::from_nanos(upper_ns.min(self.max_ns)));
            }
        }
        None
    }

    /// The share of times above `limit`, which is rounded to its bucket.
    #[must_use]
    pub fn share_above(&self, limit: Duration) -> f64 {
        let limit_ns = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        if self.n() == 0 || self.max_ns <= limit_ns {
            return 0.0;
        }
        1.0 - self.histogram.count_between(0, limit_ns) as f64 / self.n() as f64
    }

    /// The histogram of nanoseconds.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

/// A rank does not depend on it: requests of one run are not independent, so
/// no interval is made of them.
const CONFIDENCE: f64 = 0.95;

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(times_us: impl IntoIterator<Item = u64>) -> Recorded {
        let mut recorded = Recorded::default();
        for time_us in times_us {
            recorded.record(Duration::from_micros(time_us));
        }
        recorded
    }

    #[test]
    fn quantiles_are_nearest_ranks_to_three_digits() {
        let recorded = recorded((1..=1000).rev());
        for (level, expected_us) in [(0.5, 500.0), (0.9, 900.0), (0.999, 999.0)] {
            let us = recorded.quantile(level).unwrap().as_secs_f64() * 1e6;
            assert!((us / expected_us - 1.0).abs() < 1e-3, "{level}: {us}");
        }
        assert_eq!(recorded.max(), Duration::from_millis(1));
        assert_eq!(recorded.mean(), Some(Duration::from_nanos(500_500)));
    }

    #[test]
    fn no_quantile_exceeds_the_maximum() {
        let recorded = recorded([1_234_567]);
        assert_eq!(recorded.quantile(0.5), Some(recorded.max()));
    }

    #[test]
    fn without_a_time_there_is_no_quantile() {
        let recorded = recorded([]);
        assert_eq!((recorded.quantile(0.5), recorded.mean()), (None, None));
        assert_eq!(recorded.share_above(Duration::ZERO), 0.0);
    }

    #[test]
    fn merging_is_recording_together() {
        let mut merged = recorded([1, 5, 700]);
        merged.merge(&recorded([3, 4_000_000]));
        assert_eq!(merged, recorded([1, 5, 700, 3, 4_000_000]));
    }

    #[test]
    fn a_time_above_the_top_is_counted_and_not_lost() {
        let recorded = recorded([7_200_000_000, 1]);
        assert_eq!((recorded.n(), recorded.n_above_top()), (2, 1));
        assert_eq!(recorded.max(), Duration::from_secs(7200));
        let p99 = recorded.quantile(0.99).unwrap().as_secs_f64();
        assert!((p99 / TOP.as_secs_f64() - 1.0).abs() < 1e-3, "{p99}");
    }

    #[test]
    fn a_cleared_record_is_as_new() {
        let mut recorded = recorded([1, 7_200_000_000]);
        recorded.clear();
        assert_eq!(recorded, Recorded::default());
    }

    #[test]
    fn the_share_above_a_limit_is_counted() {
        assert_eq!(recorded([10, 20, 2_000, 3_000]).share_above(Duration::from_millis(1)), 0.5);
    }
}

//! The average number of requests in a service over a sliding window.

use std::{collections::VecDeque, time::Duration};

/// The window slides in this many steps, so its length is exact to one part in
/// twenty, and its memory does not grow with the number of requests.
const N_BUCKETS: u64 = 20;

/// A time-weighted average over the last stretch of time.
#[derive(Debug, Clone)]
pub(super) struct SlidingAverage {
    bucket_us: u64,
    buckets: VecDeque<Bucket>,
    now_us: u64,
}

#[derive(Debug, Clone)]
struct Bucket {
    /// The bucket's time divided by the buckets' length.
    index: u64,
    /// In integers, so that an idle window is exactly zero.
    request_us: u128,
}

impl SlidingAverage {
    /// An empty window at time zero.
    pub(super) fn new(window: Duration) -> Self {
        let window_us = u64::try_from(window.as_micros()).unwrap_or(u64::MAX);
        let bucket_us = window_us.div_ceil(N_BUCKETS).max(1);
        Self { bucket_us, buckets: VecDeque::new(), now_us: 0 }
    }

    /// Moves time on; there were `n_requests` since the last call. Time that
    /// goes backwards is taken to stand still.
    pub(super) fn advance(&mut self, now_us: u64, n_requests: usize) {
        let now_us = now_us.max(self.now_us);
        let first = (now_us / self.bucket_us).saturating_sub(N_BUCKETS);
        self.buckets.retain(|bucket| bucket.index >= first);
        let mut from_us = self.now_us.max(first * self.bucket_us);
        while from_us < now_us {
            let index = from_us / self.bucket_us;
            let until_us = (index + 1).saturating_mul(self.bucket_us).min(now_us);
            self.add(index, u128::from(until_us - from_us) * n_requests as u128);
            from_us = until_us;
        }
        self.now_us = now_us;
    }

    /// The average over the window, or since time zero if that is shorter.
    pub(super) fn average(&self) -> f64 {
        let first = (self.now_us / self.bucket_us).saturating_sub(N_BUCKETS);
        let since_us = first * self.bucket_us;
        let sum: u128 = self.buckets.iter().map(|bucket| bucket.request_us).sum();
        match self.now_us - since_us {
            0 => 0.0,
            elapsed_us => sum as f64 / elapsed_us as f64,
        }
    }

    fn add(&mut self, index: u64, request_us: u128) {
        match self.buckets.back_mut() {
            Some(bucket) if bucket.index == index => bucket.request_us += request_us,
            _ => self.buckets.push_back(Bucket { index, request_us }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    fn over_20_s() -> SlidingAverage {
        SlidingAverage::new(Duration::from_secs(20))
    }

    #[test]
    fn a_steady_load_is_its_own_average() {
        let mut load = over_20_s();
        for second in 1..100 {
            load.advance(second * SECOND_US, 3);
            assert_eq!(load.average(), 3.0);
        }
    }

    #[test]
    fn requests_count_for_as_long_as_they_stay() {
        let mut load = over_20_s();
        load.advance(SECOND_US, 4);
        load.advance(2 * SECOND_US, 0);
        assert_eq!(load.average(), 2.0);
        load.advance(10 * SECOND_US, 0);
        assert_eq!(load.average(), 0.4);
    }

    #[test]
    fn the_average_is_zero_once_the_window_has_passed_and_not_before() {
        let mut load = over_20_s();
        load.advance(5 * SECOND_US, 1);
        load.advance(24 * SECOND_US, 0);
        assert!(load.average() > 0.0);
        load.advance(26 * SECOND_US, 0);
        assert_eq!(load.average(), 0.0);
    }

    #[test]
    fn a_long_silence_costs_no_time_and_no_memory() {
        let mut load = over_20_s();
        load.advance(u64::MAX / 2, 7);
        assert!(load.buckets.len() <= N_BUCKETS as usize + 1);
        assert!((load.average() - 7.0).abs() < 1e-9);
    }

    #[test]
    fn it_agrees_with_a_slow_sum_over_every_microsecond() {
        let mut load = SlidingAverage::new(Duration::from_micros(60));
        let mut history: Vec<usize> = Vec::new();
        let mut seed = 1_u64;
        for _ in 0..500 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (step, n_requests) = ((seed >> 40) as usize % 9, (seed >> 50) as usize % 4);
            history.extend(std::iter::repeat_n(n_requests, step));
            load.advance(history.len() as u64, n_requests);
            let first = (history.len() / 3).saturating_sub(20) * 3;
            let window = &history[first..];
            let expected = window.iter().sum::<usize>() as f64 / window.len().max(1) as f64;
            assert!((load.average() - expected).abs() < 1e-9);
        }
    }
}

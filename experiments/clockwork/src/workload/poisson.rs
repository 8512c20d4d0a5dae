//! When the events of a Poisson process happen whose rate changes from time to time.
//!
//! By exact rescaling of time: a unit of probability is drawn from an exponential
//! distribution, and is spent at the rate that holds. What an interval leaves unspent
//! is carried into the next one, so no event is lost or moved where the rate changes.

use crate::{random::Random, time::Nanos};

/// A rate as it changes.
pub(super) trait Rates {
    /// The rate that holds now.
    fn current(&self) -> Segment;

    /// Goes to the next one; false if it was the last.
    fn advance(&mut self) -> bool;
}

/// A rate, and how long it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    /// Events per nanosecond.
    pub(super) per_ns: f64,
    /// In nanoseconds since the beginning; infinite if it never ends.
    pub(super) ends_ns: f64,
}

/// The events of a Poisson process.
#[derive(Debug, Clone)]
pub(super) struct Poisson<R> {
    pub(super) rates: R,
    random: Random,
    /// Of the event that is next. Fractions are kept, or rates would be too low by what
    /// rounding takes from each gap.
    next_ns: Option<f64>,
}

impl<R: Rates> Poisson<R> {
    /// The process with these rates. If none of them is positive, they must end.
    pub(super) fn new(rates: R, random: Random) -> Poisson<R> {
        let mut poisson = Poisson { rates, random, next_ns: Some(0.0) };
        poisson.advance();
        poisson
    }

    /// When the next event is.
    pub(super) fn next_at(&self) -> Option<Nanos> {
        self.next_ns.map(|time_ns| time_ns as Nanos)
    }

    /// Draws the time of the event after the next.
    pub(super) fn advance(&mut self) {
        let unspent = self.random.exponential();
        self.next_ns = self.next_ns.and_then(|now_ns| spend(unspent, now_ns, &mut self.rates));
    }

    /// The random numbers, for what the events are.
    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

/// When, from `now_ns` on, so many events are expected to have happened; never, if the
/// rates end before.
fn spend(mut unspent: f64, mut now_ns: f64, rates: &mut impl Rates) -> Option<f64> {
    loop {
        let Segment { per_ns, ends_ns } = rates.current();
        let at_ns = now_ns + unspent / per_ns;
        if at_ns < ends_ns {
            return Some(at_ns);
        }
        unspent = (unspent - (ends_ns - now_ns) * per_ns).max(0.0);
        now_ns = ends_ns;
        if !rates.advance() {
            return None;
        }
    }
}

/// A rate that never changes, in events per second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constant(pub(super) f64);

impl Rates for Constant {
    fn current(&self) -> Segment {
        Segment { per_ns: self.0 / 1e9, ends_ns: f64::INFINITY }
    }

    fn advance(&mut self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates in events per minute, a minute each.
    struct Minutes {
        rates: Vec<f64>,
        index: usize,
    }

    impl Rates for Minutes {
        fn current(&self) -> Segment {
            let ends_ns = (self.index + 1) as f64 * 60e9;
            Segment { per_ns: self.rates[self.index] / 60e9, ends_ns }
        }

        fn advance(&mut self) -> bool {
            self.index += 1;
            self.index < self.rates.len()
        }
    }

    /// The second at which so many events are expected, at 2, 0 and 4 a minute.
    fn spent_s(unspent: f64, from_s: f64) -> Option<f64> {
        let mut minutes = Minutes { rates: vec![2.0, 0.0, 4.0], index: (from_s / 60.0) as usize };
        spend(unspent, from_s * 1e9, &mut minutes).map(|at_ns| (at_ns / 1e6).round() / 1e3)
    }

    #[test]
    fn what_an_interval_leaves_is_spent_in_the_next() {
        assert_eq!(spent_s(1.0, 0.0), Some(30.0));
        assert_eq!(spent_s(3.0, 0.0), Some(135.0));
        assert_eq!(spent_s(3.0, 30.0), Some(150.0));
        assert_eq!(spent_s(0.5, 70.0), Some(127.5));
    }

    #[test]
    fn after_the_last_rate_nothing_happens() {
        assert_eq!(spent_s(5.99, 0.0), Some(179.85));
        assert_eq!(spent_s(6.0, 0.0), None);
    }

    #[test]
    fn counts_of_intervals_are_poisson() {
        let rates = vec![1000.0, 0.0, 3000.0, 50.0];
        let mut sums = [0.0; 4];
        for seed in 0..1000 {
            let minutes = Minutes { rates: rates.clone(), index: 0 };
            let mut poisson = Poisson::new(minutes, Random::new(seed, 0));
            while let Some(at) = poisson.next_at() {
                sums[(at / 60_000_000_000) as usize] += 1.0;
                poisson.advance();
            }
        }
        for (sum, rate) in sums.into_iter().zip(rates) {
            let expected: f64 = rate * 1000.0;
            assert!((sum - expected).abs() <= 5.0 * expected.sqrt(), "{sum}, not {expected}");
        }
    }
}

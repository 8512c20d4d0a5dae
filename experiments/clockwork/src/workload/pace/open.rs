//! Users who do not wait for answers.

use crate::{
    time::{Nanos, SECOND},
    workload::poisson::{Poisson, Rates},
};

/// When a user asks that does not wait for answers.
pub(in crate::workload) trait Open: std::fmt::Debug + Send {
    /// When it asks next; nothing if it never does again.
    fn next_at(&self) -> Option<Nanos>;

    /// It has asked: goes on to the time after that one.
    fn advance(&mut self);
}

impl<R: Rates + std::fmt::Debug + Send> Open for Poisson<R> {
    fn next_at(&self) -> Option<Nanos> {
        self.next_at()
    }

    fn advance(&mut self) {
        self.advance();
    }
}

/// At equal intervals, the first of which begins with the workload.
#[derive(Debug)]
pub(in crate::workload) struct Regular {
    interval_ns: f64,
    n_asked: u64,
}

impl Regular {
    /// So many requests per second, more than 0.
    pub(in crate::workload) fn new(rate: f64) -> Regular {
        Regular { interval_ns: SECOND as f64 / rate, n_asked: 0 }
    }
}

impl Open for Regular {
    fn next_at(&self) -> Option<Nanos> {
        // From the count, so that what rounding takes from an interval does not add up.
        Some(((self.n_asked + 1) as f64 * self.interval_ns) as Nanos)
    }

    fn advance(&mut self) {
        self.n_asked += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_user_never_drifts() {
        let mut regular = Regular::new(3.0);
        let mut times = vec![];
        for _ in 0..6 {
            times.extend(regular.next_at());
            regular.advance();
        }
        let thirds = [333_333_333, 666_666_666, SECOND];
        assert_eq!(times[..3], thirds);
        assert_eq!(times[3..], thirds.map(|third| SECOND + third));
    }
}

//! Cold starts of a native process, as the original simulates them: the process
//! stays, but forgets its state and makes the call wait as a new container would.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::Rng as _;
use rand_pcg::Pcg64;

use crate::message::ColdStartInterval;

/// Decides which calls start cold, and for how long they wait.
#[derive(Debug)]
pub(super) struct ColdStarts {
    delay_mean: Duration,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    n_calls: u64,
    random: Pcg64,
}

impl ColdStarts {
    /// Delays are normally distributed around `delay_mean`, with half of it as
    /// their standard deviation; none is negative.
    pub(super) fn new(delay_mean: Duration, seed: u64) -> Self {
        let random = Pcg64::new(u128::from(seed), 0);
        Self { delay_mean, progress: Mutex::new(Progress { n_calls: 0, random }) }
    }

    /// Counts a call; how long it has to wait if it starts cold.
    pub(super) fn next(&self, interval: Option<ColdStartInterval>) -> Option<Duration> {
        let interval = interval?;
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let n_before = progress.n_calls;
        progress.n_calls += 1;
        if !interval.divides(n_before) {
            return None;
        }
        let factor = (1.0 + 0.5 * normal(&mut progress.random)).max(0.0);
        let delay_ms = (self.delay_mean.as_secs_f64() * 1e3 * factor).round();
        Some(Duration::from_secs_f64(delay_ms / 1e3))
    }
}

/// A number of the standard normal distribution, by Box and Muller.
fn normal(random: &mut Pcg64) -> f64 {
    let mut uniform = || ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(interval: u32, n: usize) -> Vec<Option<Duration>> {
        let starts = ColdStarts::new(Duration::from_millis(800), 1);
        let interval = ColdStartInterval::new(interval);
        (0..n).map(|_| starts.next(interval)).collect()
    }

    #[test]
    fn the_first_call_and_every_nth_start_cold() {
        let cold: Vec<_> = delays(3, 7).iter().map(Option::is_some).collect();
        assert_eq!(cold, [true, false, false, true, false, false, true]);
        assert!(delays(0, 7).iter().all(Option::is_none));
    }

    #[test]
    fn the_waits_have_the_mean_and_the_spread_that_the_original_gives_them() {
        let delays: Vec<_> =
            delays(1, 20_000).into_iter().map(|delay| delay.unwrap().as_secs_f64()).collect();
        let mean = delays.iter().sum::<f64>() / 2e4;
        // A normal of mean 0.8 and deviation 0.4, cut off at 0, where it has 2.3 %:
        // its mean is 0.8 · Φ(2) + 0.4 · φ(2).
        let expected = 0.8 * 0.977_25 + 0.4 * 0.053_99;
        assert!((mean - expected).abs() < 4.0 * 0.4 / 2e4_f64.sqrt(), "{mean}");
        let n_none = delays.iter().filter(|delay| **delay == 0.0).count() as f64;
        assert!((n_none / 2e4 - 0.022_75).abs() < 0.005, "{n_none}");
    }
}

//! How long something will take, from how long it last took.

use crate::time::Nanos;

const N_SAMPLES: usize = 10;
const PERCENTILE: f64 = 0.99;

/// The last ten durations; the estimate is their 99th percentile, interpolated
/// between neighbours.
#[derive(Debug, Clone)]
pub(super) struct Window {
    samples: [Nanos; N_SAMPLES],
    n_samples: usize,
    next: usize,
    estimate: Nanos,
}

impl Window {
    /// A window whose first sample is what was measured beforehand.
    pub(super) fn new(first: Nanos) -> Self {
        let mut window = Self { samples: [0; N_SAMPLES], n_samples: 0, next: 0, estimate: first };
        window.record(first);
        window
    }

    pub(super) fn record(&mut self, sample: Nanos) {
        self.samples[self.next] = sample;
        self.next = (self.next + 1) % N_SAMPLES;
        self.n_samples = (self.n_samples + 1).min(N_SAMPLES);
        self.estimate = percentile(self.samples, self.n_samples);
    }

    pub(super) fn estimate(&self) -> Nanos {
        self.estimate
    }
}

fn percentile(mut samples: [Nanos; N_SAMPLES], n_samples: usize) -> Nanos {
    let samples = &mut samples[..n_samples];
    samples.sort_unstable();
    let rank = PERCENTILE * (n_samples - 1) as f64;
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    let step = (samples[above] - samples[below]) as f64;
    samples[below] + (step * rank.fract()).round() as Nanos
}

/// A window of executions, whose durations are kept as cycles: a slower clock
/// takes longer for the same work.
#[derive(Debug, Clone)]
pub(super) struct ExecWindow(Window);

impl ExecWindow {
    pub(super) fn new(first: Nanos, clock_mhz: u32) -> Self {
        Self(Window::new(first * u64::from(clock_mhz)))
    }

    pub(super) fn record(&mut self, duration: Nanos, clock_mhz: u32) {
        self.0.record(duration * u64::from(clock_mhz));
    }

    pub(super) fn estimate(&self, clock_mhz: u32) -> Nanos {
        self.0.estimate() / u64::from(clock_mhz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sample_is_the_estimate() {
        assert_eq!(Window::new(700).estimate(), 700);
    }

    #[test]
    fn the_estimate_lies_between_the_two_longest_of_ten() {
        let mut window = Window::new(100);
        (2..=10).for_each(|nth| window.record(nth * 100));
        // Rank 0.99 * 9 = 8.91: 0.91 of the way from 900 to 1000.
        assert_eq!(window.estimate(), 991);
    }

    #[test]
    fn the_eleventh_sample_replaces_the_first() {
        let mut window = Window::new(1_000_000);
        (0..10).for_each(|_| window.record(500));
        assert_eq!(window.estimate(), 500);
    }

    #[test]
    fn half_the_clock_takes_twice_as_long() {
        let window = ExecWindow::new(3_000, 1_380);
        assert_eq!((window.estimate(1_380), window.estimate(690)), (3_000, 6_000));
    }
}

//! Memory over time.

use std::time::Instant;

/// Memory over time, as a step function through the samples.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Integral {
    pub(crate) peak_bytes: u64,
    pub(crate) byte_s: f64,
    pub(crate) n_samples: u64,
    /// Until when it is integrated, and the step that it is on.
    step: Option<(Instant, u64)>,
    /// When the last sample was taken.
    sampled_at: Option<Instant>,
    /// The distances between samples: their sum and their number.
    gaps_s: f64,
    n_gaps: u64,
}

impl Integral {
    pub(crate) fn add(&mut self, now: Instant, n_bytes: u64) {
        self.extend(now);
        if let Some(then) = self.sampled_at.replace(now) {
            self.gaps_s += now.saturating_duration_since(then).as_secs_f64();
            self.n_gaps += 1;
        }
        self.step = Some((now, n_bytes));
        self.peak_bytes = self.peak_bytes.max(n_bytes);
        self.n_samples += 1;
    }

    /// The memory stayed as it was until now.
    pub(crate) fn extend(&mut self, now: Instant) {
        if let Some((then, n_bytes)) = self.step {
            self.byte_s += n_bytes as f64 * now.saturating_duration_since(then).as_secs_f64();
            self.step = Some((now, n_bytes));
        }
    }

    /// From now on there is no memory, until the next sample.
    pub(crate) fn interrupt(&mut self, now: Instant) {
        self.extend(now);
        self.step = None;
        self.sampled_at = None;
    }

    /// The mean distance of the samples; `None` with fewer than two.
    pub(crate) fn interval_s(&self) -> Option<f64> {
        (self.n_gaps > 0).then(|| self.gaps_s / self.n_gaps as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn memory_is_integrated_as_steps() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut memory = Integral::default();
        memory.add(at(1), 100);
        memory.add(at(3), 50);
        memory.extend(at(7));
        assert_eq!(memory.byte_s, 2.0 * 100.0 + 4.0 * 50.0);
        assert_eq!((memory.peak_bytes, memory.n_samples), (100, 2));
    }

    #[test]
    fn the_interval_is_that_of_samples_and_not_of_their_use() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut memory = Integral::default();
        memory.add(at(1), 100);
        assert_eq!(memory.interval_s(), None);
        memory.add(at(2), 100);
        memory.extend(at(5));
        memory.add(at(6), 100);
        memory.extend(at(20));
        assert_eq!(memory.interval_s(), Some(2.5));
    }

    #[test]
    fn an_interruption_counts_neither_as_memory_nor_as_a_gap() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut memory = Integral::default();
        memory.add(at(0), 100);
        memory.add(at(1), 100);
        memory.interrupt(at(2));
        memory.add(at(100), 10);
        memory.extend(at(101));
        assert_eq!((memory.byte_s, memory.interval_s()), (210.0, Some(1.0)));
    }
}

//! When an executor of a worker will be free, as far as the controller knows.

use std::collections::VecDeque;

use crate::time::Nanos;

/// The outstanding work of one executor, in the order in which it was sent.
#[derive(Debug)]
pub(super) struct Tracker {
    /// When the oldest outstanding work begins.
    work_begin: Nanos,
    outstanding: VecDeque<Work>,
    /// All their sizes.
    outstanding_ns: Nanos,
    future: Nanos,
    lag: Nanos,
}

#[derive(Debug)]
struct Work {
    id: u64,
    size: Nanos,
}

impl Tracker {
    /// Nothing begins before `future` from now; what is more than `lag` late still
    /// runs.
    pub(super) fn new(future: Nanos, lag: Nanos) -> Self {
        Self { work_begin: 0, outstanding: VecDeque::new(), outstanding_ns: 0, future, lag }
    }

    /// When work that is sent now would begin.
    pub(super) fn available(&mut self, now: Nanos) -> Nanos {
        self.notice_lateness(now);
        (self.work_begin + self.outstanding_ns).max(now + self.future)
    }

    pub(super) fn n_outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// Adds work and returns when it may be expected to begin. An idle executor may
    /// begin at once: what is added behind it counts from there.
    pub(super) fn add(&mut self, now: Nanos, id: u64, size: Nanos) -> Nanos {
        let begin = self.available(now);
        let free_at = (self.work_begin + self.outstanding_ns).max(now);
        self.work_begin = free_at - self.outstanding_ns;
        self.outstanding.push_back(Work { id, size });
        self.outstanding_ns += size;
        begin
    }

    /// Takes work out that ended at `end`.
    pub(super) fn succeeded(&mut self, id: u64, end: Nanos) {
        match self.remove(id) {
            Some((0, _)) => self.work_begin = end,
            // Whatever is older still takes as long, and ends that much later.
            Some((_, size)) => self.work_begin += size,
            None => {}
        }
    }

    /// Takes work out that was never done, as was heard at `now`.
    pub(super) fn failed(&mut self, now: Nanos, id: u64) {
        if let Some((0, _)) = self.remove(id) {
            // The next had to wait until then.
            self.work_begin = self.work_begin.max(now);
        }
    }

    fn remove(&mut self, id: u64) -> Option<(usize, Nanos)> {
        let at = self.outstanding.iter().position(|work| work.id == id)?;
        let size = self.outstanding.remove(at)?.size;
        self.outstanding_ns -= size;
        Some((at, size))
    }

    fn notice_lateness(&mut self, now: Nanos) {
        let Some(oldest) = self.outstanding.front() else { return };
        if self.work_begin + oldest.size + self.lag < now {
            self.work_begin = now - self.lag - oldest.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracker() -> Tracker {
        Tracker::new(10, 100)
    }

    #[test]
    fn an_idle_executor_is_available_soon() {
        assert_eq!(tracker().available(1_000), 1_010);
    }

    #[test]
    fn work_queues_behind_work() {
        let mut tracker = tracker();
        assert_eq!(tracker.add(0, 1, 50), 10);
        // An idle executor begins when it hears of it, not only when it must.
        assert_eq!(tracker.add(0, 2, 70), 50);
        assert_eq!(tracker.available(0), 120);
    }

    #[test]
    fn what_ends_early_lets_the_next_begin_early() {
        let mut tracker = tracker();
        tracker.add(0, 1, 50);
        tracker.add(0, 2, 70);
        tracker.succeeded(1, 40);
        assert_eq!(tracker.available(0), 110);
    }

    #[test]
    fn what_ends_out_of_order_has_used_its_time() {
        let mut tracker = tracker();
        tracker.add(0, 1, 50);
        tracker.add(0, 2, 70);
        tracker.succeeded(2, 90);
        assert_eq!(tracker.available(0), 120);
        tracker.succeeded(1, 140);
        assert_eq!(tracker.available(0), 140);
    }

    #[test]
    fn what_failed_frees_its_time() {
        let mut tracker = tracker();
        tracker.add(0, 1, 50);
        tracker.add(0, 2, 70);
        tracker.failed(0, 1);
        assert_eq!(tracker.available(0), 70);
    }

    #[test]
    fn what_fails_late_has_held_up_the_rest() {
        let mut tracker = tracker();
        tracker.add(0, 1, 50);
        tracker.add(0, 2, 70);
        tracker.failed(100, 1);
        assert_eq!(tracker.available(100), 170);
    }

    #[test]
    fn what_is_late_is_expected_to_end_within_the_lag() {
        let mut tracker = tracker();
        tracker.add(0, 1, 50);
        // It should have ended at 50.
        assert_eq!(tracker.available(160), 170);
        tracker.add(160, 2, 70);
        assert_eq!(tracker.available(1_000), 1_010);
    }
}

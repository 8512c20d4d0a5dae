//! How long one call may run: its limit, what counts against it, and who may stop it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::error::Interrupt;

/// How long a guest may run in one call.
///
/// Only time in the guest's own code counts: whatever a host function takes,
/// waiting or working, is given back. Measured in ticks of the sandbox, so a
/// call is stopped up to two ticks late and never early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Until it returns or is stopped.
    Unlimited,
    /// For this long.
    Within(Duration),
}

/// Stops a guest from another thread: its current or its next call fails with
/// [`CallError::Stopped`](crate::CallError::Stopped) within a tick of running guest code.
///
/// A host function that waits is not interrupted; the call fails when it returns.
#[derive(Debug, Clone, Default)]
pub struct Stopper(Arc<AtomicBool>);

impl Stopper {
    /// Asks the guest to stop, for good.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the guest was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The clock of one guest, read at every tick while it runs.
#[derive(Debug)]
pub(crate) struct CallClock {
    ticks: Arc<AtomicU64>,
    tick: Duration,
    stopper: Stopper,
    limit: Limit,
    started_ticks: u64,
    excused_ticks: u64,
}

impl CallClock {
    pub(crate) fn new(ticks: Arc<AtomicU64>, tick: Duration) -> Self {
        let (stopper, limit) = (Stopper::default(), Limit::Unlimited);
        Self { ticks, tick, stopper, limit, started_ticks: 0, excused_ticks: 0 }
    }

    pub(crate) fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    pub(crate) fn begin(&mut self, limit: Limit) {
        self.limit = limit;
        self.started_ticks = self.now_ticks();
        self.excused_ticks = 0;
    }

    pub(crate) fn now_ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Gives back the time since `since_ticks`, which a host function took.
    pub(crate) fn excuse(&mut self, since_ticks: u64) {
        self.excused_ticks += self.now_ticks() - since_ticks;
    }

    /// Whether the guest may go on, and if not, why.
    pub(crate) fn check(&self) -> Result<(), Interrupt> {
        if self.stopper.is_stopped() {
            return Err(Interrupt::Stopped);
        }
        let Limit::Within(limit) = self.limit else { return Ok(()) };
        let used_ticks = self.now_ticks() - self.started_ticks - self.excused_ticks;
        // The first tick of a call comes too early by an unknown part of a tick.
        let surely_used = self.tick.saturating_mul(saturating_u32(used_ticks.saturating_sub(1)));
        if surely_used >= limit { Err(Interrupt::Deadline { limit }) } else { Ok(()) }
    }
}

fn saturating_u32(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(10);

    fn clock(limit: Limit) -> (Arc<AtomicU64>, CallClock) {
        let ticks = Arc::new(AtomicU64::new(100));
        let mut clock = CallClock::new(Arc::clone(&ticks), TICK);
        clock.begin(limit);
        (ticks, clock)
    }

    fn advance(ticks: &AtomicU64, n: u64) {
        ticks.fetch_add(n, Ordering::Relaxed);
    }

    #[test]
    fn a_call_is_never_stopped_early() {
        let (ticks, clock) = clock(Limit::Within(3 * TICK));
        advance(&ticks, 3);
        assert!(clock.check().is_ok());
        advance(&ticks, 1);
        assert!(matches!(clock.check(), Err(Interrupt::Deadline { .. })));
    }

    #[test]
    fn time_in_host_functions_is_given_back() {
        let (ticks, mut clock) = clock(Limit::Within(2 * TICK));
        let entered_ticks = clock.now_ticks();
        advance(&ticks, 50);
        clock.excuse(entered_ticks);
        advance(&ticks, 2);
        assert!(clock.check().is_ok());
        advance(&ticks, 1);
        assert!(clock.check().is_err());
    }

    #[test]
    fn each_call_has_its_own_budget() {
        let (ticks, mut clock) = clock(Limit::Within(2 * TICK));
        advance(&ticks, 2);
        clock.begin(Limit::Within(2 * TICK));
        advance(&ticks, 2);
        assert!(clock.check().is_ok());
    }

    #[test]
    fn an_unlimited_call_ends_only_by_a_stop() {
        let (ticks, clock) = clock(Limit::Unlimited);
        advance(&ticks, 1_000_000);
        assert!(clock.check().is_ok());
        clock.stopper().stop();
        assert!(matches!(clock.check(), Err(Interrupt::Stopped)));
    }
}

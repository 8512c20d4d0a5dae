//! Time since the start of a load.

use std::time::{Duration, Instant};

use rustix::{
    thread::{ClockId, clock_nanosleep_relative},
    time::Timespec,
};

/// The monotonic clock, counted from the start of a load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that is 0 at `start`, which may lie ahead.
    pub(crate) fn starting_at(start: Instant) -> Self {
        Self { start }
    }

    /// The time since the start, 0 before it.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Blocks the thread until the start.
    pub(crate) fn await_start(&self) {
        // A signal may cut a sleep short.
        loop {
            let left = self.start.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let left = Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            };
            // How it ended does not matter: the time is looked at again.
            let _ = clock_nanosleep_relative(ClockId::Monotonic, &left);
        }
    }
}

//! The time, live.

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::time::Nanos;

/// A clock that never goes backwards: the machine's time of day when it was made, and
/// what has passed since then.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    made: Instant,
    made_at: Nanos,
    gain: f64,
}

impl Clock {
    /// The time of day.
    #[must_use]
    pub fn of_day() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let made_at = since_1970.expect("it is after 1970").as_nanos() as Nanos;
        Self { made: Instant::now(), made_at, gain: 0.0 }
    }

    /// The clock of another machine, to see that nothing depends on clocks that agree:
    /// it is ahead by so much, and gains so many parts of a million.
    #[must_use]
    pub fn off_by(self, ahead: i64, gain_ppm: f64) -> Self {
        Self { made_at: self.made_at.saturating_add_signed(ahead), gain: gain_ppm / 1e6, ..self }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Nanos {
        let passed = self.made.elapsed().as_nanos() as Nanos;
        self.made_at + passed.saturating_add_signed((passed as f64 * self.gain) as i64)
    }

    /// What is left until then; nothing if it is past.
    #[must_use]
    pub fn until(&self, then: Nanos) -> Duration {
        Duration::from_nanos(then.saturating_sub(self.now()))
    }
}

/// Lets this thread be woken when it asked to be, not up to 50 us later, as the kernel
/// does to save power.
pub(super) fn wake_on_time() {
    // Where it cannot be had, waits are somewhat longer: what is late then says so.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
}

/// A thread with a name, for those who look at the process.
pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(run).expect("the system lets us have a few threads")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn a_clock_that_is_off_gains_on_another() {
        let clock = Clock::of_day();
        let fast = clock.off_by(-3_600 * SECOND.cast_signed(), 1e6);
        let (before, fast_before) = (clock.now(), fast.now());
        thread::sleep(Duration::from_millis(20));
        let (passed, fast_passed) = (clock.now() - before, fast.now() - fast_before);
        assert!(before - fast_before > 3_599 * SECOND);
        // It goes twice as fast; the four readings are not at once.
        assert!(fast_passed > passed * 3 / 2, "{fast_passed} and {passed}");
    }
}

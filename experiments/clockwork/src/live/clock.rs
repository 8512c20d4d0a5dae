//! The time, live.

use std::{
    io, thread,
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
///
/// # Errors
/// If the system lets us have no more threads.
pub(super) fn spawn(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(run)
}

/// Lets real time pass, in tests of what time does.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but time")]
pub(super) fn pause(length: Nanos) {
    thread::sleep(Duration::from_nanos(length));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{MILLISECOND, SECOND};

    #[test]
    fn a_clock_that_is_off_gains_on_another() {
        let clock = Clock::of_day();
        let fast = clock.off_by(-3_600 * SECOND.cast_signed(), 1e6);
        // The fast clock is read first and last, so it sees no less time than the other.
        let fast_before = fast.now();
        let before = clock.now();
        pause(20 * MILLISECOND);
        let passed = clock.now() - before;
        let fast_passed = fast.now() - fast_before;
        assert!(before - fast_before > 3_599 * SECOND);
        assert!(fast_passed >= 2 * passed - 2, "{fast_passed} and {passed}");
    }
}

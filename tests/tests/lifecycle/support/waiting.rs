//! Waiting for a condition, and seeded random moments.

use std::time::{Duration, Instant};

/// Long enough for the slowest machine; no test that passes waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits for a condition that must come true; returns how long that took. The
/// condition may itself wait on a runtime.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    let mut until_next = Duration::from_millis(1);
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "gave up waiting for {what} after {PATIENCE:?}");
        pause(until_next);
        until_next = PAUSE.min(until_next * 2);
    }
    began.elapsed()
}

/// Lets time pass until a random moment that a test has chosen.
pub(crate) fn pause(duration: Duration) {
    runtime().block_on(async { tokio::time::sleep(duration).await });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// A seeded sequence of numbers (SplitMix64).
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    /// The next moment before `limit`.
    pub(crate) fn moment(&mut self, limit: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        Duration::from_micros(bits % u64::try_from(limit.as_micros()).unwrap())
    }
}

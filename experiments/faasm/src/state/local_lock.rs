//! The shared or exclusive lock of a value within one process.
//!
//! Guests lock in one host call and unlock in another, so no guard can stand
//! for the lock: it is two plain functions, and the call's own record of what
//! it holds releases the rest when the call ends.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// With other readers.
    Read,
    /// Alone.
    Write,
}

/// A readers-writer lock without guards.
#[derive(Debug, Default)]
pub struct LocalLock {
    holders: Mutex<Holders>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct Holders {
    n_readers: u32,
    has_writer: bool,
    n_waiting_writers: u32,
}

/// The lock stayed taken: most likely its holder waits for the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it stayed locked for {0:?}")]
pub struct StillLocked(Duration);

impl LocalLock {
    /// Waits up to `patience` until the lock can be held in this way, and holds
    /// it. A waiting writer goes before readers that come later.
    ///
    /// # Errors
    /// If it stays taken.
    pub fn lock(&self, access: Access, patience: Duration) -> Result<(), StillLocked> {
        let mut holders = self.holders();
        holders.n_waiting_writers += u32::from(access == Access::Write);
        let busy = |held: &mut Holders| match access {
            Access::Read => held.has_writer || held.n_waiting_writers > 0,
            Access::Write => held.has_writer || held.n_readers > 0,
        };
        let waited = self.released.wait_timeout_while(holders, patience, busy);
        let (mut holders, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        holders.n_waiting_writers -= u32::from(access == Access::Write);
        if waited.timed_out() {
            // Readers may have waited behind this writer.
            self.released.notify_all();
            return Err(StillLocked(patience));
        }
        match access {
            Access::Read => holders.n_readers += 1,
            Access::Write => holders.has_writer = true,
        }
        Ok(())
    }

    /// Gives up what [`LocalLock::lock`] took.
    pub fn unlock(&self, access: Access) {
        let mut holders = self.holders();
        match access {
            Access::Read => holders.n_readers = holders.n_readers.saturating_sub(1),
            Access::Write => holders.has_writer = false,
        }
        self.released.notify_all();
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn writers_exclude_each_other() {
        let lock = LocalLock::default();
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        lock.lock(Access::Write, PATIENCE).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                        inside.fetch_sub(1, Ordering::Relaxed);
                        lock.unlock(Access::Write);
                    }
                });
            }
        });
    }

    #[test]
    fn readers_share_and_keep_writers_out() {
        let lock = LocalLock::default();
        lock.lock(Access::Read, PATIENCE).unwrap();
        lock.lock(Access::Read, PATIENCE).unwrap();
        let readers_left = AtomicUsize::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                lock.lock(Access::Write, PATIENCE).unwrap();
                assert_eq!(readers_left.load(Ordering::SeqCst), 0);
                lock.unlock(Access::Write);
            });
            for _ in 0..2 {
                readers_left.fetch_sub(1, Ordering::SeqCst);
                lock.unlock(Access::Read);
            }
        });
        lock.lock(Access::Read, PATIENCE).unwrap();
    }

    #[test]
    fn who_waits_too_long_gets_an_error_and_holds_nothing() {
        let lock = LocalLock::default();
        lock.lock(Access::Read, PATIENCE).unwrap();
        let refused = lock.lock(Access::Write, Duration::from_millis(1));
        assert_eq!(refused.unwrap_err().to_string(), "it stayed locked for 1ms");
        lock.lock(Access::Read, PATIENCE).unwrap();
    }
}

//! Whose turn it is: a native process runs one call at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A turn that is taken in one place and given up in another: a call that
/// waits for others lets them have it.
#[derive(Debug, Default)]
pub(super) struct Turn {
    is_taken: Mutex<bool>,
    given_up: Condvar,
}

impl Turn {
    /// Waits until nobody has the turn, and takes it.
    pub(super) fn take(&self) {
        let is_taken = self.is_taken();
        let mut is_taken = self
            .given_up
            .wait_while(is_taken, |is_taken| *is_taken)
            .unwrap_or_else(PoisonError::into_inner);
        *is_taken = true;
    }

    /// Gives the turn up.
    pub(super) fn give_up(&self) {
        *self.is_taken() = false;
        self.given_up.notify_one();
    }

    fn is_taken(&self) -> MutexGuard<'_, bool> {
        self.is_taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

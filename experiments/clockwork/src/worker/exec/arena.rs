//! The pages of a device's memory, and who waits for them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::worker::CacheSize;

/// How much of a device's memory may hold weights. candle's tensors own their
/// memory, so that pages are counted and not laid out: what is bounded is the bytes
/// of all weights on the device, those that an execution still reads after their
/// eviction included. What an execution computes in between is not.
#[derive(Debug)]
pub(super) struct Arena {
    size: CacheSize,
    n_free: Mutex<u32>,
    freed: Condvar,
}

/// Pages of an arena, which has them back when this is dropped.
#[derive(Debug)]
pub(super) struct Pages {
    arena: Arc<Arena>,
    n: u32,
}

impl Arena {
    pub(super) fn new(size: CacheSize) -> Arc<Self> {
        Arc::new(Self { size, n_free: Mutex::new(size.n_pages), freed: Condvar::new() })
    }

    /// Takes pages for so many bytes, once there are enough: an execution may still
    /// read weights that were evicted. Nothing if there will never be.
    pub(super) fn take(self: &Arc<Self>, bytes: u64) -> Option<Pages> {
        let n = u32::try_from(bytes.div_ceil(self.size.page_bytes)).ok()?;
        if n > self.size.n_pages {
            return None;
        }
        let n_free = self.n_free.lock().unwrap_or_else(PoisonError::into_inner);
        let too_few = |n_free: &mut u32| *n_free < n;
        let mut n_free =
            self.freed.wait_while(n_free, too_few).unwrap_or_else(PoisonError::into_inner);
        *n_free -= n;
        Some(Pages { arena: Arc::clone(self), n })
    }

    #[cfg(test)]
    pub(super) fn n_free(&self) -> u32 {
        *self.n_free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        *self.arena.n_free.lock().unwrap_or_else(PoisonError::into_inner) += self.n;
        self.arena.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SIZE: CacheSize = CacheSize { page_bytes: 10, n_pages: 3 };

    #[test]
    fn pages_are_taken_and_come_back() {
        let arena = Arena::new(SIZE);
        let two = arena.take(11);
        assert_eq!(arena.n_free(), 1);
        drop(two);
        assert_eq!(arena.n_free(), 3);
        assert!(arena.take(31).is_none());
    }

    #[test]
    fn who_needs_more_than_are_free_waits_for_them() {
        let arena = Arena::new(SIZE);
        let one = arena.take(10);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| drop(arena.take(30).unwrap()));
            assert!(!waiting.is_finished());
            drop(one);
        });
        assert_eq!(arena.n_free(), 3);
    }
}

//! Large buffers that no connection needs now. Memory that the system gave once
//! is cheaper than new memory, of which every page is cleared first.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a connection's buffer keeps when it is empty.
const KEEP_BYTES: usize = 1024 * 1024;

/// How much is held in all; what does not fit goes back to the system.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// The buffers. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spares(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spares {
    /// Takes over what an empty buffer holds, if that is much.
    pub(crate) fn release(&self, buffer: &mut Vec<u8>) {
        debug_assert!(buffer.is_empty(), "what is in it would be lost");
        if buffer.capacity() > KEEP_BYTES {
            self.hold(mem::take(buffer));
        }
    }

    /// Moves a buffer that needs room for much more to where that room is, if
    /// it is anywhere. Otherwise it grows as vectors do.
    pub(crate) fn make_room(&self, buffer: &mut Vec<u8>, more_bytes: usize) {
        let all_bytes = buffer.len() + more_bytes;
        if all_bytes <= buffer.capacity().max(KEEP_BYTES) {
            return;
        }
        if let Some(mut larger) = self.take(all_bytes) {
            larger.extend_from_slice(buffer);
            mem::swap(buffer, &mut larger);
            larger.clear();
            self.release(&mut larger);
        }
    }

    fn hold(&self, buffer: Vec<u8>) {
        let mut held = self.lock();
        let held_bytes: usize = held.iter().map(Vec::capacity).sum();
        if held_bytes + buffer.capacity() <= MAX_BYTES {
            held.push(buffer);
        }
    }

    /// The smallest buffer that has room for `len_bytes`, if there is one.
    fn take(&self, len_bytes: usize) -> Option<Vec<u8>> {
        let mut held = self.lock();
        let fits = |(_, buffer): &(usize, &Vec<u8>)| buffer.capacity() >= len_bytes;
        let fitting = held.iter().enumerate().filter(fits);
        let (smallest, _) = fitting.min_by_key(|(_, buffer)| buffer.capacity())?;
        Some(held.swap_remove(smallest))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn holding(capacities: &[usize]) -> Spares {
        let spares = Spares::default();
        capacities.iter().for_each(|len_bytes| spares.release(&mut Vec::with_capacity(*len_bytes)));
        spares
    }

    #[test]
    fn a_buffer_moves_to_the_smallest_that_suffices() {
        let spares = holding(&[8 * MIB, 2 * MIB, 4 * MIB]);
        let mut buffer = b"what is here".to_vec();
        spares.make_room(&mut buffer, 3 * MIB);
        assert_eq!((buffer.as_slice(), buffer.capacity()), (&b"what is here"[..], 4 * MIB));
        spares.make_room(&mut buffer, 16 * MIB);
        assert_eq!(buffer.capacity(), 4 * MIB);
    }

    #[test]
    fn what_is_small_stays_with_its_connection() {
        let spares = holding(&[2 * MIB]);
        let mut buffer = Vec::with_capacity(MIB / 2);
        spares.make_room(&mut buffer, MIB);
        spares.release(&mut buffer);
        assert_eq!(buffer.capacity(), MIB / 2);
    }

    #[test]
    fn no_more_is_held_than_the_bound() {
        let spares = holding(&[MAX_BYTES / 2; 3]);
        assert_eq!(std::iter::from_fn(|| spares.take(1)).count(), 2);
    }
}

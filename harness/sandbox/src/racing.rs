//! Copies to and from bytes that guests may be writing at the same moment.
//!
//! A plain copy that races is undefined behaviour in Rust, and a slice over such
//! bytes already is. So every access of the host goes through relaxed atomics:
//! whole aligned words, with single bytes at the ends. A racing copy may mix old
//! and new words, never parts of one aligned word. Guests are machine code and
//! outside Rust's rules; theirs are the plain loads and stores of the hardware.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

const WORD: usize = size_of::<u64>();

/// Copies from shared bytes.
///
/// # Safety
/// `shared` must be readable for `private.len()` bytes, and all that write there
/// meanwhile must be guests or atomic.
pub(crate) unsafe fn load(shared: *const u8, private: &mut [u8]) {
    let shared = shared.cast_mut();
    let (head, words) = split(shared, private.len());
    for (i, byte) in private.iter_mut().enumerate().take(head) {
        // SAFETY: i < private.len(), which the caller vouches for.
        *byte = unsafe { byte_at(shared, i) }.load(Relaxed);
    }
    let (chunks, tail) = private[head..].as_chunks_mut::<WORD>();
    for (i, chunk) in chunks.iter_mut().enumerate() {
        // SAFETY: inside the range, and aligned because `head` bytes were skipped.
        *chunk = unsafe { word_at(shared, head + i * WORD) }.load(Relaxed).to_ne_bytes();
    }
    for (i, byte) in tail.iter_mut().enumerate() {
        // SAFETY: inside the range: the tail follows the head and the words.
        *byte = unsafe { byte_at(shared, head + words * WORD + i) }.load(Relaxed);
    }
}

/// Copies into shared bytes.
///
/// # Safety
/// `shared` must be writable for `private.len()` bytes, and all that access it
/// meanwhile must be guests or atomic.
pub(crate) unsafe fn store(shared: *mut u8, private: &[u8]) {
    let (head, words) = split(shared, private.len());
    for (i, byte) in private.iter().enumerate().take(head) {
        // SAFETY: i < private.len(), which the caller vouches for.
        unsafe { byte_at(shared, i) }.store(*byte, Relaxed);
    }
    let (chunks, tail) = private[head..].as_chunks::<WORD>();
    for (i, chunk) in chunks.iter().enumerate() {
        // SAFETY: inside the range, and aligned because `head` bytes were skipped.
        unsafe { word_at(shared, head + i * WORD) }.store(u64::from_ne_bytes(*chunk), Relaxed);
    }
    for (i, byte) in tail.iter().enumerate() {
        // SAFETY: inside the range: the tail follows the head and the words.
        unsafe { byte_at(shared, head + words * WORD + i) }.store(*byte, Relaxed);
    }
}

/// Sets shared bytes.
///
/// # Safety
/// As for [`store`], for `len_bytes`.
pub(crate) unsafe fn fill(shared: *mut u8, len_bytes: usize, value: u8) {
    let (head, words) = split(shared, len_bytes);
    let word = u64::from_ne_bytes([value; WORD]);
    for i in 0..words {
        // SAFETY: inside the range, and aligned because `head` bytes are skipped.
        unsafe { word_at(shared, head + i * WORD) }.store(word, Relaxed);
    }
    for i in (0..head).chain(head + words * WORD..len_bytes) {
        // SAFETY: i < len_bytes, which the caller vouches for.
        unsafe { byte_at(shared, i) }.store(value, Relaxed);
    }
}

/// The number of bytes before the first aligned word, and of whole words after them.
fn split(shared: *mut u8, len_bytes: usize) -> (usize, usize) {
    let head = (shared.addr().wrapping_neg() % WORD).min(len_bytes);
    (head, (len_bytes - head) / WORD)
}

/// # Safety
/// `shared + offset` must be a byte that the caller may access atomically.
unsafe fn byte_at<'a>(shared: *mut u8, offset: usize) -> &'a AtomicU8 {
    // SAFETY: the caller's promise.
    unsafe { AtomicU8::from_ptr(shared.add(offset)) }
}

/// # Safety
/// `shared + offset` must be eight aligned bytes that the caller may access atomically.
unsafe fn word_at<'a>(shared: *mut u8, offset: usize) -> &'a AtomicU64 {
    // SAFETY: the caller's promise.
    unsafe { AtomicU64::from_ptr(shared.add(offset).cast()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 64;

    /// Every offset and length that crosses words in a different way.
    fn ranges() -> impl Iterator<Item = (usize, usize)> {
        (0..=2 * WORD).flat_map(|at| (0..=3 * WORD).map(move |len| (at, len)))
    }

    fn pattern() -> [u8; LEN] {
        std::array::from_fn(|i| i as u8 + 1)
    }

    #[test]
    fn load_copies_exactly_the_range() {
        let mut shared = pattern();
        for (at, len) in ranges() {
            let mut private = vec![0; len];
            // SAFETY: at + len <= 40 < LEN, and nobody else has the array.
            unsafe { load(shared.as_mut_ptr().add(at), &mut private) };
            assert_eq!(private, pattern()[at..at + len]);
        }
    }

    #[test]
    fn store_changes_exactly_the_range() {
        for (at, len) in ranges() {
            let (mut shared, mut expected) = ([0; LEN], [0; LEN]);
            expected[at..at + len].copy_from_slice(&pattern()[..len]);
            // SAFETY: at + len <= 40 < LEN, and nobody else has the array.
            unsafe { store(shared.as_mut_ptr().add(at), &pattern()[..len]) };
            assert_eq!(shared, expected);
        }
    }

    #[test]
    fn fill_changes_exactly_the_range() {
        for (at, len) in ranges() {
            let (mut shared, mut expected) = (pattern(), pattern());
            expected[at..at + len].fill(0xab);
            // SAFETY: at + len <= 40 < LEN, and nobody else has the array.
            unsafe { fill(shared.as_mut_ptr().add(at), len, 0xab) };
            assert_eq!(shared, expected);
        }
    }
}

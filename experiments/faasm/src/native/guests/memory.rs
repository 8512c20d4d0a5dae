//! A guest's memory, as its host functions get it: an address and a length.

use std::{ptr, slice};

use anyhow::Context as _;

/// Where the host may write an answer.
pub(super) struct Buffer {
    start: *mut u8,
    /// In bytes.
    pub(super) len: usize,
}

impl Buffer {
    /// # Safety
    /// `start` must be writable for `len` bytes until the host function returns.
    pub(super) unsafe fn new(start: *mut u8, len: usize) -> Self {
        Self { start, len }
    }

    /// Copies as much of `from` as fits and returns how much that is, in bytes.
    pub(super) fn fill(&self, from: &[u8]) -> usize {
        let len = from.len().min(self.len);
        // SAFETY: the promise of `new`; `from` is the host's own memory.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), self.start, len) };
        len
    }
}

/// # Safety
/// `data` must be readable for `len` bytes until the host function returns.
pub(super) unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(data, len) }
}

/// A key or a name.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn text<'a>(data: *const u8, len: usize) -> anyhow::Result<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(data, len) };
    str::from_utf8(bytes).context("the guest passed a key or name that is not UTF-8")
}

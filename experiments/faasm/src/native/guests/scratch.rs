//! Memory that a guest asks for while it runs a call: allocated anew, and freed when the call ends.

use std::{
    alloc::{Layout, alloc, alloc_zeroed, dealloc},
    ptr::{self, NonNull},
};

use anyhow::Context as _;

/// What the widest vector asks, and a cache line.
const ALIGNMENT_BYTES: usize = 64;
/// Up to this alignment the system's zeroed pages are taken as they are; beyond, all of them would be written first.
const CHEAP_ALIGNMENT_BYTES: usize = 16;

/// Memory of a call's own, aligned to a cache line.
pub(super) struct Scratch {
    start: NonNull<u8>,
    layout: Layout,
}

impl Scratch {
    /// So many zeros.
    pub(super) fn zeroed(len_bytes: usize) -> anyhow::Result<Self> {
        Self::new(len_bytes, alloc_zeroed)
    }

    /// A copy of what is at `from`.
    ///
    /// # Safety
    /// There must be `len_bytes` at `from`, to which nobody writes meanwhile.
    pub(super) unsafe fn copy_of(from: *const u8, len_bytes: usize) -> anyhow::Result<Self> {
        let scratch = Self::new(len_bytes, alloc)?;
        // SAFETY: the caller's promise, and `new` has made room.
        unsafe { ptr::copy_nonoverlapping(from, scratch.address(), len_bytes) };
        Ok(scratch)
    }

    /// Its first byte.
    pub(super) fn address(&self) -> *mut u8 {
        let before = self.start.align_offset(ALIGNMENT_BYTES);
        self.start.as_ptr().wrapping_add(before)
    }

    fn new(len_bytes: usize, allocate: unsafe fn(Layout) -> *mut u8) -> anyhow::Result<Self> {
        let room_bytes = len_bytes.saturating_add(ALIGNMENT_BYTES);
        let layout = Layout::from_size_align(room_bytes, CHEAP_ALIGNMENT_BYTES)
            .with_context(|| format!("a guest asked for {len_bytes} bytes of memory"))?;
        // SAFETY: the layout has at least one byte.
        let start = NonNull::new(unsafe { allocate(layout) })
            .with_context(|| format!("there is no memory for {len_bytes} bytes of a guest"))?;
        Ok(Self { start, layout })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and the guest that had it runs no more.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

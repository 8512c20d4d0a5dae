//! Huge pages for regions: 2 MiB that take one fault, one entry of a page table and one of the TLB.
//!
//! A file's huge page is mapped as one only where address and offset in the file agree modulo its size, so regions and
//! their places in guests are aligned to that. The system is asked for the pages of one range at a time: its setting for
//! shared memory is `never` almost everywhere, and would fill regions of which little is written.

use std::{ops::Range, ptr::NonNull};

use rustix::mm::{MapFlags, ProtFlags};

/// The size of a huge page on every system that we run on.
pub(crate) const HUGE_PAGE_BYTES: usize = 2 << 20;

/// The part of `bytes` that whole huge pages can hold.
pub(crate) fn whole_huge_pages(bytes: &Range<usize>) -> Range<usize> {
    let start = bytes.start.next_multiple_of(HUGE_PAGE_BYTES);
    let end = bytes.end / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    start..end.max(start)
}

/// How many bytes after `address` the bytes `offsets` of a file are to be mapped, so that its huge pages stay whole.
pub(crate) fn padding_bytes(address: usize, offsets: &Range<usize>) -> usize {
    if whole_huge_pages(offsets).is_empty() {
        return 0;
    }
    offsets.start.wrapping_sub(address) % HUGE_PAGE_BYTES
}

/// Address space, not accessible yet, in which a file of `len_bytes` can have huge pages.
pub(crate) fn reserve(len_bytes: usize) -> rustix::io::Result<NonNull<u8>> {
    let holds_none = whole_huge_pages(&(0..len_bytes)).is_empty();
    let spare_bytes = if holds_none { 0 } else { HUGE_PAGE_BYTES };
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    let (anywhere, access) = (std::ptr::null_mut(), ProtFlags::empty());
    // SAFETY: a new mapping at an address of the system's choice.
    let start =
        unsafe { rustix::mm::mmap_anonymous(anywhere, len_bytes + spare_bytes, access, flags) }?;
    let before_bytes = padding_bytes(start as usize, &(0..len_bytes));
    let base = start.cast::<u8>().wrapping_add(before_bytes);
    // SAFETY: what lies before and after is a part of the mapping that is not handed out.
    unsafe {
        give_back(start.cast(), before_bytes);
        give_back(base.wrapping_add(len_bytes), spare_bytes - before_bytes);
    }
    Ok(NonNull::new(base).expect("a mapping without a wanted address is never at zero"))
}

/// Moves the bytes at `base` into huge pages, as far as the system has any. Pages that nobody wrote come to be thereby, as
/// zeros; where there is none at all, nothing happens.
///
/// # Safety
/// They must be mapped.
pub(crate) unsafe fn collapse(base: NonNull<u8>, len_bytes: usize) {
    // The outcome does not matter: an older system knows no such advice, another may have no huge page left, and then the
    // bytes stay where they are.
    // SAFETY: the caller's promise; whoever uses the bytes at the same time sees no change.
    unsafe { libc::madvise(base.as_ptr().cast(), len_bytes, libc::MADV_COLLAPSE) };
}

/// # Safety
/// Nothing may use these bytes of a mapping any more.
unsafe fn give_back(start: *mut u8, len_bytes: usize) {
    if len_bytes > 0 {
        // Where it fails, address space stays taken and nothing else.
        // SAFETY: the caller's promise.
        let _ = unsafe { rustix::mm::munmap(start.cast(), len_bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUGE: usize = HUGE_PAGE_BYTES;

    #[test]
    fn only_whole_huge_pages_count() {
        assert_eq!(whole_huge_pages(&(0..2 * HUGE + 1)), 0..2 * HUGE);
        assert_eq!(whole_huge_pages(&(1..2 * HUGE)), HUGE..2 * HUGE);
        assert!(whole_huge_pages(&(0..HUGE - 1)).is_empty());
        assert!(whole_huge_pages(&(1..HUGE)).is_empty());
        assert!(whole_huge_pages(&(HUGE + 1..HUGE + 2)).is_empty());
    }

    #[test]
    fn padding_makes_address_and_offset_agree() {
        for (address, start) in [(0, 4_096), (4_096, 0), (HUGE - 4_096, 8_192), (3 * HUGE, HUGE)] {
            let padded = address + padding_bytes(address, &(start..start + 2 * HUGE));
            assert_eq!(padded % HUGE, start % HUGE);
            assert!(padded - address < HUGE);
        }
    }

    #[test]
    fn what_holds_no_huge_page_needs_no_padding() {
        assert_eq!(padding_bytes(4_096, &(0..HUGE - 1)), 0);
        assert_eq!(padding_bytes(4_096, &(HUGE / 2..HUGE + HUGE / 2)), 0);
    }
}

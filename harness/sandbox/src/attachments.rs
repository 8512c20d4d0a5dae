//! The regions mapped into one guest, and the rules that keep them apart from the pool.
//!
//! Pages of a region replace pages of the guest's memory that were freshly grown
//! for them: never initial memory, where the pool keeps a copy-on-write image.
//! They are replaced by private zero pages again before the pool sees the slot:
//! otherwise it would zero the region, or hand its content to the next guest.

use std::{ops::Range, ptr::NonNull, sync::Arc};

use anyhow::Context as _;
use rustix::mm::{MapFlags, ProtFlags};

use crate::region::{PAGE_BYTES, Region};

/// Up to here a range is worth its memory even if the guest touches little of it.
const EAGER_MAX_BYTES: usize = 1 << 20;

/// The regions mapped into one guest's memory.
#[derive(Debug, Default)]
pub(crate) struct Attachments(Vec<Attachment>);

#[derive(Debug)]
struct Attachment {
    region: Arc<Region>,
    /// Which bytes of the region, in whole pages.
    pages: Range<usize>,
    guest_address: u32,
    host_address: NonNull<u8>,
}

// SAFETY: the address is that of a slot which the owning guest has for itself.
unsafe impl Send for Attachment {}

impl Attachments {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the guest already sees these bytes of the region, if it does.
    pub(crate) fn find(&self, region: &Arc<Region>, bytes: &Range<usize>) -> Option<u32> {
        let seen = self.0.iter().find(|seen| {
            Arc::ptr_eq(&seen.region, region)
                && seen.pages.start <= bytes.start
                && bytes.end <= seen.pages.end
        })?;
        Some(seen.guest_address + (bytes.start - seen.pages.start) as u32)
    }

    /// Maps pages of a region over the guest's memory at `host_address`.
    ///
    /// # Safety
    /// The range at `host_address`, as long as `pages`, must be accessible pages
    /// of the guest's memory that were grown for this purpose and hold nothing.
    /// It must stay the guest's until [`detach_all`](Self::detach_all).
    pub(crate) unsafe fn attach(
        &mut self,
        region: &Arc<Region>,
        pages: Range<usize>,
        guest_address: u32,
        host_address: NonNull<u8>,
    ) -> anyhow::Result<()> {
        // Nothing may fail between the mapping and its record.
        self.0.reserve(1);
        let (address, len_bytes) = (host_address.as_ptr().cast(), pages.len());
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::FIXED | eagerness(len_bytes);
        // SAFETY: the caller gives us these pages; the region's file is at least as long.
        let mapped = unsafe {
            rustix::mm::mmap(address, len_bytes, access, flags, region, pages.start as u64)
        };
        if let Err(error) = mapped {
            // A failed mapping may leave a hole in the slot.
            // SAFETY: the caller gives us these pages.
            unsafe { make_private(host_address, len_bytes) };
            return Err(error)
                .with_context(|| format!("cannot map {len_bytes} bytes of a region into a guest"));
        }
        let region = Arc::clone(region);
        self.0.push(Attachment { region, pages, guest_address, host_address });
        Ok(())
    }

    /// Replaces every attached page by a private zero page.
    pub(crate) fn detach_all(&mut self) {
        for Attachment { host_address, pages, .. } in self.0.drain(..) {
            // SAFETY: these pages were given to us by `attach`, and the guest
            // that they belong to runs no more.
            unsafe { make_private(host_address, pages.len()) };
        }
    }
}

/// Replaces whole pages by private zero pages.
///
/// Aborts the process if the system refuses: what is left mapped would be read
/// and written by the next tenant of the slot.
///
/// # Safety
/// The pages must be accessible pages of a guest's memory that were grown for a
/// region, and nothing may use their content any more.
unsafe fn make_private(host_address: NonNull<u8>, len_bytes: usize) {
    // The flags of the pool's own pages, so that the mappings merge again.
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the caller's promise.
    let remapped = unsafe {
        rustix::mm::mmap_anonymous(host_address.as_ptr().cast(), len_bytes, access, flags)
    };
    if let Err(error) = remapped {
        eprintln!("cannot take a region out of a guest's memory: {error}; aborting");
        std::process::abort();
    }
}

/// Small ranges get all their pages at once: one by one, as a guest first writes
/// them, cost four times as much (92 pages: 62 µs, at once 16 µs).
fn eagerness(len_bytes: usize) -> MapFlags {
    if len_bytes <= EAGER_MAX_BYTES { MapFlags::POPULATE } else { MapFlags::empty() }
}

/// The whole pages that hold `bytes`.
pub(crate) fn whole_pages(bytes: &Range<usize>) -> Range<usize> {
    bytes.start / PAGE_BYTES * PAGE_BYTES..bytes.end.next_multiple_of(PAGE_BYTES)
}

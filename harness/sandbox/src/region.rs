//! Memory of the host that guests can have mapped into theirs.

use std::{
    ops::Range,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use rustix::{
    fs::{FallocateFlags, MemfdFlags, SealFlags},
    mm::{MapFlags, ProtFlags},
};

use crate::{error::OutOfBounds, huge_pages, racing};

/// The granularity of mappings, of the only page size that we run on.
pub(crate) const PAGE_BYTES: usize = 4096;

/// Shared bytes: zero at first, held as long as anybody has the region.
///
/// They live in an anonymous file of fixed size (sealed: nobody can truncate it
/// under a mapping), so pages that nobody touched cost nothing; attaching up to
/// 1 MiB touches its pages. Without memory for a page that is touched first, the
/// system kills the process, as for any memory. The host reads and writes them with relaxed atomics, as the module `racing` explains.
#[derive(Debug)]
pub struct Region {
    file: OwnedFd,
    base: NonNull<u8>,
    len_bytes: usize,
}

// SAFETY: the mapping lives as long as the region and is reached atomically only.
unsafe impl Send for Region {}
// SAFETY: as above; every access by `&self` is atomic.
unsafe impl Sync for Region {}

impl Region {
    /// A zeroed region.
    ///
    /// # Errors
    /// If `len_bytes` is zero or the system has no memory file or address space for it.
    pub fn new(len_bytes: usize) -> anyhow::Result<Arc<Self>> {
        anyhow::ensure!(len_bytes > 0, "a region of no bytes cannot be mapped");
        let mapped_bytes = len_bytes
            .checked_next_multiple_of(PAGE_BYTES)
            .context("a region cannot be as large as the address space")?;
        let file = sealed_file(mapped_bytes)
            .with_context(|| format!("cannot make a memory file of {mapped_bytes} bytes"))?;
        let base = map_shared(&file, mapped_bytes)
            .with_context(|| format!("cannot map a region of {mapped_bytes} bytes"))?;
        Ok(Arc::new(Self { file, base, len_bytes }))
    }

    /// The length that was asked for; guests see it rounded up to whole pages.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a region is never empty")]
    pub fn len(&self) -> usize {
        self.len_bytes
    }

    /// Copies `into.len()` bytes from `offset` on.
    ///
    /// # Errors
    /// If they are not all inside the region.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let shared = self.range(offset, into.len())?;
        // SAFETY: `range` checked the bounds; all access is by guests or atomic.
        unsafe { racing::load(shared, into) };
        Ok(())
    }

    /// A copy of `len_bytes` from `offset` on.
    ///
    /// # Errors
    /// If they are not all inside the region.
    pub fn read_vec(&self, offset: usize, len_bytes: usize) -> Result<Vec<u8>, OutOfBounds> {
        OutOfBounds::check(offset, len_bytes, self.len_bytes)?;
        let mut bytes = vec![0; len_bytes];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies `from` into the region, from `offset` on.
    ///
    /// # Errors
    /// If it does not fit there.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<(), OutOfBounds> {
        let shared = self.range(offset, from.len())?;
        // SAFETY: `range` checked the bounds; all access is by guests or atomic.
        unsafe { racing::store(shared, from) };
        Ok(())
    }

    /// Sets `len_bytes` from `offset` on to `value`.
    ///
    /// # Errors
    /// If they are not all inside the region.
    pub fn fill(&self, offset: usize, len_bytes: usize, value: u8) -> Result<(), OutOfBounds> {
        let shared = self.range(offset, len_bytes)?;
        // SAFETY: `range` checked the bounds; all access is by guests or atomic.
        unsafe { racing::fill(shared, len_bytes, value) };
        Ok(())
    }

    /// Zeroes the whole region and gives its memory back to the system.
    ///
    /// # Errors
    /// If the system refuses, which leaves the content as it was.
    pub fn clear(&self) -> anyhow::Result<()> {
        let whole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(&self.file, whole, 0, self.mapped_bytes() as u64)
            .context("cannot clear a region")
    }

    /// Has these bytes lie in huge pages, if the system has any; the ends, which are only parts of one, stay where they
    /// are. Such bytes are cheaper to attach and to reach. It is for what is about to be written, all of it, as huge pages
    /// have no holes: bytes that lie elsewhere already are moved, which costs as much time as writing them.
    ///
    /// # Errors
    /// If they are not all inside the region.
    pub fn use_huge_pages(&self, bytes: &Range<usize>) -> Result<(), OutOfBounds> {
        OutOfBounds::check(bytes.start, bytes.len(), self.len_bytes)?;
        let whole = huge_pages::whole_huge_pages(bytes);
        for start in whole.clone().step_by(huge_pages::HUGE_PAGE_BYTES) {
            // The system makes no huge page of nothing at all, but of a single page that it makes now.
            std::hint::black_box(self.words()[start / size_of::<u64>()].load(Ordering::Relaxed));
        }
        if !whole.is_empty() {
            // SAFETY: the offset is inside the mapping, and so are the bytes.
            unsafe { huge_pages::collapse(self.base.add(whole.start), whole.len()) };
        }
        Ok(())
    }

    /// The whole region as words, for scans without a copy. The last word may
    /// reach beyond [`len`](Self::len), into padding that is zero unless a guest wrote there.
    #[must_use]
    pub fn words(&self) -> &[AtomicU64] {
        let n_words = self.len_bytes.div_ceil(size_of::<u64>());
        // SAFETY: the mapping is page-aligned, at least as long, lives as long
        // as `self`, and atomics may alias whatever guests do.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().cast(), n_words) }
    }

    /// The length of its mapping: whole pages.
    pub(crate) fn mapped_bytes(&self) -> usize {
        self.len_bytes.next_multiple_of(PAGE_BYTES)
    }

    fn range(&self, offset: usize, len_bytes: usize) -> Result<*mut u8, OutOfBounds> {
        OutOfBounds::check(offset, len_bytes, self.len_bytes)?;
        // SAFETY: the offset is inside the mapping or one past its end.
        Ok(unsafe { self.base.as_ptr().add(offset) })
    }
}

impl AsFd for Region {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it outlives `self`.
        // It fails only for arguments that `new` could not have produced.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.mapped_bytes()) };
    }
}

fn sealed_file(len_bytes: usize) -> rustix::io::Result<OwnedFd> {
    let file = rustix::fs::memfd_create("region", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&file, len_bytes as u64)?;
    // Shrinking would turn guests' and our accesses into SIGBUS.
    rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file)
}

fn map_shared(file: &OwnedFd, len_bytes: usize) -> rustix::io::Result<NonNull<u8>> {
    let base = huge_pages::reserve(len_bytes)?;
    let access = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::SHARED | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: the address space was reserved for this mapping.
    let mapped =
        unsafe { rustix::mm::mmap(base.as_ptr().cast(), len_bytes, access, flags, file, 0) };
    if mapped.is_err() {
        // SAFETY: as above; nothing is there.
        let _ = unsafe { rustix::mm::munmap(base.as_ptr().cast(), len_bytes) };
    }
    mapped.map(|_| base)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let region = Region::new(10_000).unwrap();
        region.write(4_090, b"across pages").unwrap();
        assert_eq!(region.read_vec(4_089, 14).unwrap(), b"\0across pages\0");
    }

    #[test]
    fn an_access_that_ends_outside_is_refused() {
        let region = Region::new(100).unwrap();
        let error = region.write(90, &[1; 11]).unwrap_err();
        assert_eq!(error, OutOfBounds { offset: 90, len_bytes: 11, memory_bytes: 100 });
        assert!(region.fill(usize::MAX, 2, 1).is_err());
        assert!(region.read_vec(0, usize::MAX).is_err());
        assert_eq!(region.read_vec(90, 10).unwrap(), [0; 10]);
    }

    #[test]
    fn fill_sets_exactly_its_range() {
        let region = Region::new(32).unwrap();
        region.fill(3, 20, 7).unwrap();
        let bytes = region.read_vec(0, 32).unwrap();
        assert_eq!(
            (&bytes[..3], &bytes[3..23], &bytes[23..]),
            (&[0; 3][..], &[7; 20][..], &[0; 9][..])
        );
    }

    #[test]
    fn words_are_the_same_bytes() {
        let region = Region::new(20).unwrap();
        region.write(16, &[1, 2, 3, 4]).unwrap();
        let words: Vec<u64> = region.words().iter().map(|w| w.load(Relaxed)).collect();
        assert_eq!(words, [0, 0, u64::from_le_bytes([1, 2, 3, 4, 0, 0, 0, 0])]);
    }

    #[test]
    fn the_file_can_neither_shrink_nor_grow() {
        let region = Region::new(5_000).unwrap();
        assert!(rustix::fs::ftruncate(&*region, 4_096).is_err());
        assert!(rustix::fs::ftruncate(&*region, 1 << 20).is_err());
    }

    #[test]
    fn a_huge_region_costs_only_what_is_touched() {
        let region = Region::new(500 << 20).unwrap();
        region.write(300 << 20, b"x").unwrap();
        let allocated_bytes = rustix::fs::fstat(&*region).unwrap().st_blocks as u64 * 512;
        assert!(allocated_bytes <= 4 << 20, "{allocated_bytes} bytes are allocated");
    }

    #[test]
    fn clear_zeroes_and_frees() {
        let region = Region::new(1 << 20).unwrap();
        region.fill(0, 1 << 20, 9).unwrap();
        region.clear().unwrap();
        assert_eq!(rustix::fs::fstat(&*region).unwrap().st_blocks, 0);
        assert_eq!(region.read_vec(12_345, 10).unwrap(), [0; 10]);
    }
}

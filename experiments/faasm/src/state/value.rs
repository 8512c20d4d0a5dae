//! One value of the local tier, and its way to and from the global tier.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, ensure};
use kv::{Client, Pool};
use sandbox::Region;

use super::{
    ByteRanges, LocalLock,
    mask::{take_runs, unmarked_runs},
};

/// A value that all guests of this process share.
///
/// Its bytes are a [`Region`]: mapped into every Faaslet that asks for it, or,
/// in a process of one native function, seen by that function alone. Guests
/// write to it at any time; only transfers exclude each other.
#[derive(Debug)]
pub struct Value {
    key: String,
    region: Arc<Region>,
    lock: LocalLock,
    marks: Mutex<Marks>,
    /// Held while bytes travel, so that no transfer undoes another or a write
    /// through the host.
    transfer: Mutex<()>,
}

/// What the local tier knows of each byte.
#[derive(Debug, Default)]
struct Marks {
    /// Read from the global tier or written here: need not be read again.
    pulled: ByteRanges,
    /// Written here, through the host, since the last push.
    dirty_ranges: ByteRanges,
    /// Whether anything was written since the last push, bytes known or not.
    is_dirty: bool,
}

impl Value {
    /// A value of zeros, none of them pulled.
    pub(super) fn new(key: String, len_bytes: usize) -> anyhow::Result<Self> {
        let region = Region::new(len_bytes)
            .with_context(|| format!("hold {len_bytes} bytes of state `{key}`"))?;
        Ok(Self {
            key,
            region,
            lock: LocalLock::default(),
            marks: Mutex::default(),
            transfer: Mutex::default(),
        })
    }

    /// The bytes, for mapping them into a guest.
    #[must_use]
    pub fn region(&self) -> &Arc<Region> {
        &self.region
    }

    /// The bytes' address in this process, 8-aligned. Whoever uses it must
    /// expect others to write there at any time.
    #[must_use]
    pub fn address(&self) -> *mut u8 {
        self.region.words().as_ptr().cast_mut().cast()
    }

    /// The value's size.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a value has at least one byte")]
    pub fn len(&self) -> usize {
        self.region.len()
    }

    /// The lock that guests of this process take.
    #[must_use]
    pub fn lock(&self) -> &LocalLock {
        &self.lock
    }

    /// Copies from the local bytes, without a pull.
    ///
    /// # Errors
    /// If the range is outside the value.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> anyhow::Result<()> {
        self.region.read(offset, into).with_context(|| self.describe())
    }

    /// Writes local bytes and marks them dirty.
    ///
    /// # Errors
    /// If the range is outside the value.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> anyhow::Result<()> {
        let _transfer = lock(&self.transfer);
        let written = offset..offset.saturating_add(bytes.len());
        self.check(&written)?;
        if lock(&self.marks).pulled.missing_from(written.clone()) == [written.clone()] {
            self.use_huge_pages(&written);
        }
        self.region.write(offset, bytes).with_context(|| self.describe())?;
        let mut marks = lock(&self.marks);
        marks.pulled.insert(written.clone());
        marks.dirty_ranges.insert(written);
        marks.is_dirty = true;
        Ok(())
    }

    /// Says that a guest wrote somewhere through an address.
    pub fn flag_dirty(&self) {
        lock(&self.marks).is_dirty = true;
    }

    /// Says that a guest wrote these bytes through an address.
    ///
    /// # Errors
    /// If the range is outside the value.
    pub fn flag_range_dirty(&self, range: Range<usize>) -> anyhow::Result<()> {
        self.check(&range)?;
        let mut marks = lock(&self.marks);
        marks.pulled.insert(range.clone());
        marks.dirty_ranges.insert(range);
        marks.is_dirty = true;
        Ok(())
    }

    /// Reads those bytes of `range` that were neither pulled nor written yet.
    ///
    /// # Errors
    /// If the range is outside the value, or the global tier does not answer.
    pub fn pull_missing(&self, range: Range<usize>, global: &Pool) -> anyhow::Result<()> {
        self.check(&range)?;
        if lock(&self.marks).pulled.missing_from(range.clone()).is_empty() {
            return Ok(());
        }
        let _transfer = lock(&self.transfer);
        self.pull_missing_now(range, global)
    }

    /// Reads the whole value, over what was written here.
    ///
    /// # Errors
    /// If the global tier does not answer, or holds more than fits.
    pub fn pull(&self, global: &Pool) -> anyhow::Result<()> {
        let _transfer = lock(&self.transfer);
        self.use_huge_pages(&(0..self.len()));
        let mut copy = Copy::new(&self.region);
        global.get()?.get_into(&self.key, &mut |offset, bytes| copy.write(offset, bytes))?;
        copy.finish(&self.key)?;
        *lock(&self.marks) = Marks { pulled: ByteRanges::of(0..self.len()), ..Marks::default() };
        Ok(())
    }

    /// Sends the whole value, if anything is dirty.
    ///
    /// # Errors
    /// If the global tier does not answer; what was dirty then stays dirty.
    pub fn push(&self, global: &Pool) -> anyhow::Result<()> {
        let _transfer = lock(&self.transfer);
        let Some(dirty) = self.take_dirty() else { return Ok(()) };
        self.push_whole(global).inspect_err(|_| self.mark_dirty(&dirty))
    }

    /// Sends the dirty runs, if anything is dirty, and reads the value back.
    ///
    /// # Errors
    /// As [`Value::push`].
    pub fn push_partial(&self, global: &Pool) -> anyhow::Result<()> {
        let _transfer = lock(&self.transfer);
        let Some(dirty) = self.take_dirty() else { return Ok(()) };
        let runs: Vec<_> = dirty.iter().collect();
        self.exchange(&runs, None, global).inspect_err(|_| self.mark_dirty(&dirty))
    }

    /// Sends the bytes that `mask` marks, if anything is dirty, clears them
    /// there and reads the value back.
    ///
    /// # Errors
    /// As [`Value::push`], and if the mask is of another size.
    pub fn push_partial_mask(&self, mask: &Self, global: &Pool) -> anyhow::Result<()> {
        let (len, mask_len) = (self.len(), mask.len());
        ensure!(len == mask_len, "{}: the mask has {mask_len} bytes", self.describe());
        let _transfer = lock(&self.transfer);
        let Some(dirty) = self.take_dirty() else { return Ok(()) };
        let runs = take_runs(mask.region.words(), len);
        self.exchange(&runs, Some(mask), global).inspect_err(|_| {
            self.mark_dirty(&dirty);
            for run in &runs {
                mask.region.fill(run.start, run.len(), u8::MAX).expect("the run was found there");
            }
        })
    }

    fn push_whole(&self, global: &Pool) -> anyhow::Result<()> {
        // Bytes that were never here would be sent as zeros.
        self.pull_missing_now(0..self.len(), global)?;
        let mut read = |offset: usize, into: &mut [u8]| {
            self.region.read(offset, into).expect("the range is inside the whole");
        };
        Ok(global.get()?.set_from(&self.key, self.len(), &mut read)?)
    }

    /// Sends `runs` and, if the whole value was here, reads it back: so the
    /// writes of other processes are merged in. What guests marked in `mask`
    /// since it was sent stays as they wrote it.
    fn exchange(
        &self,
        runs: &[Range<usize>],
        mask: Option<&Self>,
        global: &Pool,
    ) -> anyhow::Result<()> {
        let mut client = global.get()?;
        let mut pipeline = client.pipeline();
        for run in runs {
            pipeline.set_range_with(&self.key, run.start as u64, run.len(), |payload| {
                self.region.read(run.start, payload).expect("runs are inside the value");
            });
        }
        let is_complete = lock(&self.marks).pulled.missing_from(0..self.len()).is_empty();
        if !is_complete {
            return Ok(pipeline.execute()?);
        }
        let mut copy = Copy { mask: mask.map(|mask| &*mask.region), ..Copy::new(&self.region) };
        pipeline.execute_and_get_into(&self.key, &mut |offset, bytes| copy.write(offset, bytes))?;
        copy.finish(&self.key)
    }

    fn pull_missing_now(&self, range: Range<usize>, global: &Pool) -> anyhow::Result<()> {
        let missing = lock(&self.marks).pulled.missing_from(range);
        if missing.is_empty() {
            return Ok(());
        }
        let mut client = global.get()?;
        for gap in missing {
            self.pull_gap(&gap, &mut client)?;
            lock(&self.marks).pulled.insert(gap);
        }
        Ok(())
    }

    fn pull_gap(&self, gap: &Range<usize>, client: &mut Client) -> anyhow::Result<()> {
        self.use_huge_pages(gap);
        let mut copy = Copy::new(&self.region);
        if *gap == (0..self.len()) {
            client.get_into(&self.key, &mut |offset, bytes| copy.write(offset, bytes))?;
        } else {
            let (start, end) = (i64::try_from(gap.start)?, i64::try_from(gap.end - 1)?);
            let mut sink = |offset: usize, bytes: &[u8]| copy.write(gap.start + offset, bytes);
            client.get_range_into(&self.key, start, end, &mut sink)?;
        }
        copy.finish(&self.key)
    }

    /// What comes stays, and each call that uses it maps it again.
    fn use_huge_pages(&self, coming: &Range<usize>) {
        self.region.use_huge_pages(coming).expect("what comes is inside the region");
    }

    /// Takes the marks of what is dirty; none if nothing is.
    fn take_dirty(&self) -> Option<ByteRanges> {
        let mut marks = lock(&self.marks);
        std::mem::take(&mut marks.is_dirty).then(|| std::mem::take(&mut marks.dirty_ranges))
    }

    fn mark_dirty(&self, ranges: &ByteRanges) {
        let mut marks = lock(&self.marks);
        marks.is_dirty = true;
        ranges.iter().for_each(|range| marks.dirty_ranges.insert(range));
    }

    fn check(&self, range: &Range<usize>) -> anyhow::Result<()> {
        ensure!(
            range.start <= range.end && range.end <= self.len(),
            "{}: bytes {range:?} are outside",
            self.describe()
        );
        Ok(())
    }

    fn describe(&self) -> String {
        format!("state `{}` of {} bytes", self.key, self.len())
    }
}

/// A reply of the global tier on its way into a region.
struct Copy<'a> {
    region: &'a Region,
    /// Marks the bytes that are to stay.
    mask: Option<&'a Region>,
    overflows: bool,
}

impl<'a> Copy<'a> {
    fn new(region: &'a Region) -> Self {
        Self { region, mask: None, overflows: false }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let fits = self.region.len().saturating_sub(offset);
        self.overflows |= bytes.len() > fits;
        let range = offset..offset + bytes.len().min(fits);
        let runs = match self.mask {
            None => vec![range],
            Some(mask) => unmarked_runs(mask.words(), range),
        };
        for run in runs {
            let part = &bytes[run.start - offset..run.end - offset];
            self.region.write(run.start, part).expect("the run is inside the region");
        }
    }

    fn finish(self, key: &str) -> anyhow::Result<()> {
        ensure!(
            !self.overflows,
            "the global tier holds more than the {} bytes of state `{key}` that this host expects \
             (hint: flush the host after replacing a value by a larger one)",
            self.region.len()
        );
        Ok(())
    }
}

/// Marks stay consistent when a holder panics: each change of them is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_back_leaves_marked_bytes_alone() {
        let (region, mask) = (Region::new(24).unwrap(), Region::new(24).unwrap());
        region.fill(0, 24, 7).unwrap();
        mask.fill(5, 6, 0xff).unwrap();
        let mut copy = Copy { mask: Some(&mask), ..Copy::new(&region) };
        for (offset, bytes) in [(0, [9; 8]), (8, [9; 8]), (16, [9; 8])] {
            copy.write(offset, &bytes);
        }
        copy.finish("k").unwrap();
        let mut expected = [9; 24];
        expected[5..11].fill(7);
        assert_eq!(region.read_vec(0, 24).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_reported() {
        let region = Region::new(4).unwrap();
        let mut copy = Copy::new(&region);
        copy.write(0, b"abc");
        copy.write(3, b"de");
        assert!(copy.finish("k").is_err());
    }
}

//! The state functions of the host interface: keys get the user's prefix here.

use std::{ops::Range, sync::Arc};

use anyhow::{Context as _, ensure};

use super::Context;
use crate::state::{Access, Value};

impl Context {
    /// The size of a value, here or else in the global tier; 0 if it is in neither.
    ///
    /// # Errors
    /// If the global tier does not answer; so do all functions below.
    pub fn state_size(&self, key: &str) -> anyhow::Result<u64> {
        self.tier.size(&self.full_key(key))
    }

    /// The first bytes of a value, at most `max_bytes`; none if there is no value.
    ///
    /// # Errors
    /// As [`Context::state_size`].
    pub fn read_state(&self, key: &str, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
        let Some(value) = self.tier.find(&self.full_key(key))? else { return Ok(Vec::new()) };
        value.pull_missing(0..value.len(), self.tier.global())?;
        read(&value, 0..value.len().min(max_bytes))
    }

    /// A whole value, pulled, to be seen by the guest in place.
    ///
    /// # Errors
    /// If the value has another size here.
    pub fn share_state(&self, key: &str, total_bytes: usize) -> anyhow::Result<Arc<Value>> {
        self.share_state_chunk(key, total_bytes, 0..total_bytes)
    }

    /// A value of which these bytes are pulled, to be seen by the guest in place.
    ///
    /// # Errors
    /// If the value has another size here, or the range is outside.
    pub fn share_state_chunk(
        &self,
        key: &str,
        total_bytes: usize,
        range: Range<usize>,
    ) -> anyhow::Result<Arc<Value>> {
        let value = self.tier.value(&self.full_key(key), total_bytes)?;
        value.pull_missing(range, self.tier.global())?;
        Ok(value)
    }

    /// A copy of a part of a value.
    ///
    /// # Errors
    /// As [`Context::share_state_chunk`].
    pub fn read_state_chunk(
        &self,
        key: &str,
        total_bytes: usize,
        range: Range<usize>,
    ) -> anyhow::Result<Vec<u8>> {
        let value = self.share_state_chunk(key, total_bytes, range.clone())?;
        read(&value, range)
    }

    /// Replaces the local value.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn write_state(&self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.tier.replace(&self.full_key(key), bytes)
    }

    /// Replaces a part of the local value.
    ///
    /// # Errors
    /// As [`Context::share_state_chunk`].
    pub fn write_state_chunk(
        &self,
        key: &str,
        total_bytes: usize,
        offset: usize,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        self.tier.value(&self.full_key(key), total_bytes)?.write(offset, bytes)
    }

    /// Says that the guest wrote to a value in place.
    ///
    /// # Errors
    /// If the value has another size here.
    pub fn flag_state_dirty(&self, key: &str, total_bytes: usize) -> anyhow::Result<()> {
        self.tier.value(&self.full_key(key), total_bytes)?.flag_dirty();
        Ok(())
    }

    /// Says which bytes of a value the guest wrote in place.
    ///
    /// # Errors
    /// As [`Context::share_state_chunk`].
    pub fn flag_state_chunk_dirty(
        &self,
        key: &str,
        total_bytes: usize,
        range: Range<usize>,
    ) -> anyhow::Result<()> {
        self.tier.value(&self.full_key(key), total_bytes)?.flag_range_dirty(range)
    }

    /// Sends a value, if it is dirty.
    ///
    /// # Errors
    /// As [`Context::state_size`].
    pub fn push_state(&self, key: &str) -> anyhow::Result<()> {
        self.existing(key)?.push(self.tier.global())
    }

    /// Sends the dirty bytes of a value and reads it back.
    ///
    /// # Errors
    /// As [`Context::state_size`].
    pub fn push_state_partial(&self, key: &str) -> anyhow::Result<()> {
        self.existing(key)?.push_partial(self.tier.global())
    }

    /// Sends the bytes of a value that another one marks and reads it back.
    ///
    /// # Errors
    /// If the two have different sizes.
    pub fn push_state_partial_mask(&self, key: &str, mask_key: &str) -> anyhow::Result<()> {
        self.existing(key)?.push_partial_mask(&*self.existing(mask_key)?, self.tier.global())
    }

    /// Reads a value, over local changes.
    ///
    /// # Errors
    /// If the value has another size here.
    pub fn pull_state(&self, key: &str, total_bytes: usize) -> anyhow::Result<()> {
        self.tier.value(&self.full_key(key), total_bytes)?.pull(self.tier.global())
    }

    /// Appends one element to a list.
    ///
    /// # Errors
    /// As [`Context::state_size`].
    pub fn append_state(&self, key: &str, element: &[u8]) -> anyhow::Result<()> {
        self.tier.append(&self.full_key(key), element)
    }

    /// The first elements of a list, one after the other.
    ///
    /// # Errors
    /// If they are more than `max_bytes`.
    pub fn read_appended_state(
        &self,
        key: &str,
        max_bytes: usize,
        n_elements: usize,
    ) -> anyhow::Result<Vec<u8>> {
        let bytes = self.tier.read_appended(&self.full_key(key), n_elements)?.concat();
        ensure!(
            bytes.len() <= max_bytes,
            "{} bytes were appended to state `{key}`, but the guest has room for {max_bytes}",
            bytes.len()
        );
        Ok(bytes)
    }

    /// Deletes a list.
    ///
    /// # Errors
    /// As [`Context::state_size`].
    pub fn clear_appended_state(&self, key: &str) -> anyhow::Result<()> {
        self.tier.clear_appended(&self.full_key(key))
    }

    /// Takes a value's lock in this process.
    ///
    /// # Errors
    /// If there is no value to lock, or it stays locked.
    pub fn lock_state(&mut self, key: &str, access: Access) -> anyhow::Result<()> {
        let value = self.existing(key)?;
        self.locks.lock(key, value, access)
    }

    /// Gives a value's lock up.
    ///
    /// # Errors
    /// If the call does not hold it.
    pub fn unlock_state(&mut self, key: &str, access: Access) -> anyhow::Result<()> {
        self.locks.unlock(key, access)
    }

    /// Takes a key's lock across hosts.
    ///
    /// # Errors
    /// If it stays taken.
    pub fn lock_state_global(&mut self, key: &str) -> anyhow::Result<()> {
        let key = self.full_key(key);
        self.locks.lock_global(&key)
    }

    /// Gives a key's lock across hosts up.
    ///
    /// # Errors
    /// If the call does not hold it.
    pub fn unlock_state_global(&mut self, key: &str) -> anyhow::Result<()> {
        let key = self.full_key(key);
        self.locks.unlock_global(&key)
    }

    fn existing(&self, key: &str) -> anyhow::Result<Arc<Value>> {
        let full_key = self.full_key(key);
        self.tier
            .find(&full_key)?
            .with_context(|| format!("state `{full_key}` is neither here nor in the global tier"))
    }

    fn full_key(&self, key: &str) -> String {
        format!("{}_{key}", self.call.function.user)
    }
}

fn read(value: &Value, range: Range<usize>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![0; range.len()];
    value.read(range.start, &mut bytes)?;
    Ok(bytes)
}

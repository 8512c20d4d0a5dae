//! The local tier: the values that this process holds.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use anyhow::ensure;
use kv::Pool;

use super::{Value, global_lock};

/// The values of this process by key, and the way to the global tier.
///
/// A key here is complete, `<user>_<key>`. The values of appended state live
/// in the global tier only.
#[derive(Debug)]
pub struct LocalTier {
    global: Arc<Pool>,
    values: RwLock<HashMap<String, Arc<Value>>>,
}

impl LocalTier {
    /// A tier that holds nothing yet.
    #[must_use]
    pub fn new(global: Arc<Pool>) -> Self {
        Self { global, values: RwLock::default() }
    }

    /// Connections to the global tier.
    #[must_use]
    pub fn global(&self) -> &Pool {
        &self.global
    }

    /// The value of `key`, created as unpulled zeros if it is not here.
    ///
    /// # Errors
    /// If it is here with another size.
    pub fn value(&self, key: &str, len_bytes: usize) -> anyhow::Result<Arc<Value>> {
        let value = match self.local(key) {
            Some(value) => value,
            None => self.local_or_new(key, len_bytes)?,
        };
        let held = value.len();
        ensure!(
            held == len_bytes,
            "state `{key}` has {held} bytes on this host, but a guest asked for {len_bytes}"
        );
        Ok(value)
    }

    /// The value of `key` in the size that it has here or, if it is not here,
    /// in the global tier; nothing if it is in neither.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn find(&self, key: &str) -> anyhow::Result<Option<Arc<Value>>> {
        if let Some(value) = self.local(key) {
            return Ok(Some(value));
        }
        match usize::try_from(self.global.get()?.strlen(key)?)? {
            0 => Ok(None),
            len_bytes => self.value(key, len_bytes).map(Some),
        }
    }

    /// The size of the value, here or else in the global tier; 0 if it is in neither.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn size(&self, key: &str) -> anyhow::Result<u64> {
        match self.local(key) {
            Some(value) => Ok(value.len() as u64),
            None => Ok(self.global.get()?.strlen(key)?),
        }
    }

    /// Replaces the local value, of whatever size it was.
    ///
    /// # Errors
    /// If `bytes` is empty or there is no memory for it.
    pub fn replace(&self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        if let Some(value) = self.local(key).filter(|value| value.len() == bytes.len()) {
            return value.write(0, bytes);
        }
        let value = Value::new(key.to_owned(), bytes.len())?;
        value.write(0, bytes)?;
        self.write_values().insert(key.to_owned(), Arc::new(value));
        Ok(())
    }

    /// Forgets the local value; whoever still uses it keeps its bytes.
    pub fn forget(&self, key: &str) {
        self.write_values().remove(key);
    }

    /// Forgets every local value.
    pub fn clear(&self) {
        self.write_values().clear();
    }

    /// Appends an element to the list of `key`.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn append(&self, key: &str, element: &[u8]) -> anyhow::Result<()> {
        self.global.get()?.rpush(key, element)?;
        Ok(())
    }

    /// The first `n_elements` elements of the list of `key`, or all if there are fewer.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn read_appended(&self, key: &str, n_elements: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        if n_elements == 0 {
            return Ok(Vec::new());
        }
        Ok(self.global.get()?.lrange(key, 0, i64::try_from(n_elements)? - 1)?)
    }

    /// Deletes the list of `key`.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn clear_appended(&self, key: &str) -> anyhow::Result<()> {
        self.global.get()?.del(key)?;
        Ok(())
    }

    /// Takes the key's lock across hosts for `owner`.
    ///
    /// # Errors
    /// If it stays taken, or the global tier does not answer.
    pub fn lock_global(&self, key: &str, owner: &str) -> anyhow::Result<()> {
        global_lock::lock(key, owner, &self.global)
    }

    /// Gives the key's lock across hosts up.
    ///
    /// # Errors
    /// If the global tier does not answer.
    pub fn unlock_global(&self, key: &str, owner: &str) -> anyhow::Result<()> {
        global_lock::unlock(key, owner, &self.global)
    }

    fn local(&self, key: &str) -> Option<Arc<Value>> {
        self.read_values().get(key).cloned()
    }

    /// As [`LocalTier::local`], but creates the value if nobody has meanwhile.
    fn local_or_new(&self, key: &str, len_bytes: usize) -> anyhow::Result<Arc<Value>> {
        Ok(match self.write_values().entry(key.to_owned()) {
            Entry::Occupied(held) => Arc::clone(held.get()),
            Entry::Vacant(place) => {
                Arc::clone(place.insert(Arc::new(Value::new(key.to_owned(), len_bytes)?)))
            }
        })
    }

    fn read_values(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Value>>> {
        self.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_values(&self) -> RwLockWriteGuard<'_, HashMap<String, Arc<Value>>> {
        self.values.write().unwrap_or_else(PoisonError::into_inner)
    }
}

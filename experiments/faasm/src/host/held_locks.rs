//! The locks that one call holds: released when it ends, however it ends.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;

use crate::state::{Access, LocalTier, Value};

/// Guests that lock in different orders would otherwise wait for each other for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a call has locked and not unlocked yet.
#[derive(Debug)]
pub(super) struct HeldLocks {
    tier: Arc<LocalTier>,
    owner: String,
    local: Vec<(String, Arc<Value>, Access)>,
    global: Vec<String>,
}

impl HeldLocks {
    /// No locks; `owner` names the call among all calls.
    pub(super) fn new(tier: Arc<LocalTier>, owner: String) -> Self {
        Self { tier, owner, local: Vec::new(), global: Vec::new() }
    }

    pub(super) fn lock(
        &mut self,
        key: &str,
        value: Arc<Value>,
        access: Access,
    ) -> anyhow::Result<()> {
        let locked = value.lock().lock(access, PATIENCE);
        locked.with_context(|| format!("lock state `{key}`"))?;
        self.local.push((key.to_owned(), value, access));
        Ok(())
    }

    pub(super) fn unlock(&mut self, key: &str, access: Access) -> anyhow::Result<()> {
        let position = self
            .local
            .iter()
            .rposition(|(held, _, how)| held == key && *how == access)
            .with_context(|| format!("the guest unlocks state `{key}`, which it has not locked"))?;
        let (_, value, access) = self.local.remove(position);
        value.lock().unlock(access);
        Ok(())
    }

    pub(super) fn lock_global(&mut self, key: &str) -> anyhow::Result<()> {
        self.tier.lock_global(key, &self.owner)?;
        self.global.push(key.to_owned());
        Ok(())
    }

    pub(super) fn unlock_global(&mut self, key: &str) -> anyhow::Result<()> {
        let position = self.global.iter().rposition(|held| held == key).with_context(|| {
            format!("the guest unlocks state `{key}` globally, which it has not locked")
        })?;
        self.tier.unlock_global(&self.global.remove(position), &self.owner)
    }
}

impl Drop for HeldLocks {
    fn drop(&mut self) {
        for (_, value, access) in self.local.drain(..) {
            value.lock().unlock(access);
        }
        for key in self.global.drain(..) {
            if let Err(error) = self.tier.unlock_global(&key, &self.owner) {
                eprintln!("release the global lock of state `{key}`: {error:#}");
            }
        }
    }
}

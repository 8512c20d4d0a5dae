//! What belongs to one guest on the host's side of its store.

use wasmtime::{Memory, ResourceLimiter};

use crate::{attachments::Attachments, clock::CallClock, error::Interrupt};

/// The store data of one guest: its caller's data and its limits.
#[derive(Debug)]
pub struct Tenant<T> {
    pub(crate) user: T,
    pub(crate) clock: CallClock,
    pub(crate) quota: Quota,
    pub(crate) attachments: Attachments,
    /// Known once the module is instantiated.
    pub(crate) memory: Option<Memory>,
}

/// How much memory of its own the guest may have.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) limit_bytes: usize,
    /// Address space grown for regions, which are not the guest's own memory.
    pub(crate) attached_bytes: usize,
}

impl ResourceLimiter for Quota {
    /// Fails the call at once: a -1 from `memory.grow` would surface much later,
    /// as a trap in the guest's allocator that names no cause.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted_bytes = desired.saturating_sub(self.attached_bytes);
        let fits_module = maximum.is_none_or(|maximum| desired <= maximum);
        if wanted_bytes <= self.limit_bytes && fits_module {
            return Ok(true);
        }
        let limit_bytes = self.limit_bytes;
        Err(wasmtime::Error::new(Interrupt::OutOfMemory { wanted_bytes, limit_bytes }))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

//! What a host function can do with the guest that called it.

use std::{
    any::Any,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
    sync::Arc,
};

use anyhow::Context as _;
use wasmtime::{AsContext, Caller, Memory};

use crate::{
    attachments::whole_pages,
    error::{BadPointer, Interrupt, OutOfBounds},
    huge_pages::padding_bytes,
    racing,
    region::Region,
    tenant::Tenant,
};

/// The size by which a wasm memory grows.
const WASM_PAGE_BYTES: usize = 64 * 1024;

/// The guest that called a host function, for the length of that call.
///
/// A range that is not in the guest's memory fails the call as the guest's trap.
pub struct Host<'a, T: 'static> {
    caller: Caller<'a, Tenant<T>>,
}

impl<'a, T: 'static> Host<'a, T> {
    /// Runs a host function: its time is given back to the guest, its panic
    /// fails the call and goes no further.
    pub(crate) fn enter<R>(
        caller: Caller<'a, Tenant<T>>,
        body: impl FnOnce(&mut Self) -> anyhow::Result<R>,
    ) -> wasmtime::Result<R> {
        let mut host = Self { caller };
        let entered_ticks = host.caller.data().clock.now_ticks();
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&mut host)));
        host.caller.data_mut().clock.excuse(entered_ticks);
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(wasmtime::Error::new(Interrupt::Host(error))),
            Err(panic) => {
                Err(wasmtime::Error::new(Interrupt::Panic { message: message_of(&*panic) }))
            }
        }
    }

    /// The data that the guest was started with.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.caller.data().user
    }

    /// The data that the guest was started with.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.caller.data_mut().user
    }

    /// Copies from the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it.
    pub fn read(&mut self, address: u32, into: &mut [u8]) -> anyhow::Result<()> {
        let memory = self.memory()?;
        Ok(read_memory(&self.caller, memory, address, into).map_err(BadPointer)?)
    }

    /// A copy of a range of the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it.
    pub fn read_vec(&mut self, address: u32, len_bytes: u32) -> anyhow::Result<Vec<u8>> {
        let memory = self.memory()?;
        let (offset, len_bytes) = (address as usize, len_bytes as usize);
        // Before the allocation, whose size the guest chose.
        OutOfBounds::check(offset, len_bytes, memory.data_size(&self.caller))
            .map_err(BadPointer)?;
        let mut bytes = vec![0; len_bytes];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// A copy of a text in the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it, or is not UTF-8.
    pub fn read_string(&mut self, address: u32, len_bytes: u32) -> anyhow::Result<String> {
        String::from_utf8(self.read_vec(address, len_bytes)?)
            .context("the guest passed a text that is not UTF-8")
    }

    /// Copies into the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it.
    pub fn write(&mut self, address: u32, from: &[u8]) -> anyhow::Result<()> {
        let memory = self.memory()?;
        Ok(write_memory(&self.caller, memory, address, from).map_err(BadPointer)?)
    }

    /// Maps a whole region into the guest's memory and returns its address there.
    /// A region that is already mapped keeps its address.
    ///
    /// # Errors
    /// If the guest has no address space left for it.
    pub fn attach(&mut self, region: &Arc<Region>) -> anyhow::Result<u32> {
        self.attach_range(region, 0..region.len())
    }

    /// Maps the pages that hold these bytes of a region into the guest's memory
    /// and returns the address of the first byte there. Bytes that are already
    /// mapped, alone or as part of more, keep their address.
    ///
    /// # Errors
    /// If the bytes are not in the region, or the guest has no address space left.
    pub fn attach_range(
        &mut self,
        region: &Arc<Region>,
        bytes: Range<usize>,
    ) -> anyhow::Result<u32> {
        anyhow::ensure!(bytes.start < bytes.end, "no bytes of a region to attach");
        OutOfBounds::check(bytes.start, bytes.len(), region.len())?;
        if let Some(address) = self.caller.data().attachments.find(region, &bytes) {
            return Ok(address);
        }
        let pages = whole_pages(&bytes);
        let guest_address = self.grow_for_region(&pages)?;
        let memory = self.memory()?;
        // SAFETY: the address is inside the memory: it was just grown beyond it.
        let host_address = unsafe { memory.data_ptr(&self.caller).add(guest_address as usize) };
        let host_address = NonNull::new(host_address).expect("guest memory is never at zero");
        let attachments = &mut self.caller.data_mut().attachments;
        let in_page_offset = (bytes.start - pages.start) as u32;
        // SAFETY: these pages were grown for the region, nothing has touched
        // them, and the guest keeps them until it is dropped.
        unsafe { attachments.attach(region, pages, guest_address, host_address) }?;
        Ok(guest_address + in_page_offset)
    }

    /// The error that ends the guest with a status, as its own `exit` would:
    /// `return Err(host.exit(0))`.
    #[must_use]
    pub fn exit(&self, status: i32) -> anyhow::Error {
        anyhow::Error::new(Interrupt::Exited { status })
    }

    /// Whether the guest was asked to stop, for host functions that wait.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.caller.data().clock.stopper().is_stopped()
    }

    /// Adds memory to the guest that does not count as its own, and returns where in it to map these pages of a region.
    fn grow_for_region(&mut self, pages: &Range<usize>) -> anyhow::Result<u32> {
        let memory = self.memory()?;
        let host_end = memory.data_ptr(&self.caller) as usize + memory.data_size(&self.caller);
        let padding = padding_bytes(host_end, pages);
        let n_pages = (padding + pages.len()).div_ceil(WASM_PAGE_BYTES);
        let grown_bytes = n_pages * WASM_PAGE_BYTES;
        self.caller.data_mut().quota.attached_bytes += grown_bytes;
        let old_pages = memory.grow(&mut self.caller, n_pages as u64).map_err(|error| {
            self.caller.data_mut().quota.attached_bytes -= grown_bytes;
            no_address_space(error)
        })?;
        Ok(u32::try_from(old_pages as usize * WASM_PAGE_BYTES + padding)
            .expect("pages were added, so the old end and the padding are below 4 GiB"))
    }

    fn memory(&mut self) -> anyhow::Result<Memory> {
        if let Some(memory) = self.caller.data().memory {
            return Ok(memory);
        }
        // The module's start function runs before the guest is complete.
        self.caller
            .get_export("memory")
            .and_then(wasmtime::Extern::into_memory)
            .context("the guest exports no memory (hint: export it as `memory`)")
    }
}

/// Copies from a guest's memory, attached regions included.
pub(crate) fn read_memory(
    store: impl AsContext,
    memory: Memory,
    address: u32,
    into: &mut [u8],
) -> Result<(), OutOfBounds> {
    OutOfBounds::check(address as usize, into.len(), memory.data_size(&store))?;
    // SAFETY: the bounds are checked; only guests and atomics write there.
    unsafe { racing::load(memory.data_ptr(&store).add(address as usize), into) };
    Ok(())
}

/// Copies into a guest's memory, attached regions included.
pub(crate) fn write_memory(
    store: impl AsContext,
    memory: Memory,
    address: u32,
    from: &[u8],
) -> Result<(), OutOfBounds> {
    OutOfBounds::check(address as usize, from.len(), memory.data_size(&store))?;
    // SAFETY: the bounds are checked; only guests and atomics access it.
    unsafe { racing::store(memory.data_ptr(&store).add(address as usize), from) };
    Ok(())
}

fn no_address_space(error: wasmtime::Error) -> anyhow::Error {
    match error.downcast::<Interrupt>() {
        Ok(interrupt) => anyhow::Error::new(interrupt),
        Err(error) => anyhow::anyhow!("cannot grow the guest's memory for a region: {error:#}"),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

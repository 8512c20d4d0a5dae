//! The host interface of native guests: the functions of `fixtures/guests/HOST_INTERFACE.md`.
//!
//! They take no context, so the call that a thread runs is kept in the thread.
//! An error unwinds through the guest to [`super::run()`], as a trap would.

use std::{cell::RefCell, panic::resume_unwind, ptr, slice, sync::Arc};

use anyhow::Context as _;

use crate::{
    host::{Context, clock_ns},
    state::{Access, Value},
};

/// Why a host function ended its call.
pub(super) struct Failure(pub(super) anyhow::Error);

struct Current {
    context: Context,
    /// Values that the guest has addresses of, which stay valid until the call ends.
    shared: Vec<Arc<Value>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Makes `context` the one of this thread's call.
pub(super) fn enter(context: Context) {
    let current = Current { context, shared: Vec::new() };
    CURRENT.with_borrow_mut(|slot| *slot = Some(current));
}

/// Ends this thread's call.
pub(super) fn leave() -> Context {
    CURRENT.with_borrow_mut(Option::take).expect("`enter` came before").context
}

fn with<R>(act: impl FnOnce(&mut Current) -> anyhow::Result<R>) -> R {
    let acted = CURRENT.with_borrow_mut(|slot| {
        act(slot.as_mut().context("a guest may call the host only while it runs a call")?)
    });
    acted.unwrap_or_else(|error| resume_unwind(Box::new(Failure(error))))
}

/// # Safety
/// `data` must be readable for `len` bytes until the host function returns.
unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(data, len) }
}

/// # Safety
/// As for [`bytes`].
unsafe fn text<'a>(data: *const u8, len: usize) -> anyhow::Result<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(data, len) };
    str::from_utf8(bytes).context("the guest passed a key or name that is not UTF-8")
}

/// Copies as much of `from` as fits and returns how much that is.
///
/// # Safety
/// `buf` must be writable for `buf_len` bytes.
unsafe fn copy_out(from: &[u8], buf: *mut u8, buf_len: usize) -> usize {
    let len = from.len().min(buf_len);
    // SAFETY: the caller's promise; `from` is the host's own memory.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), buf, len) };
    len
}

/// The address of a value's byte at `offset`, which stays valid until the call ends.
fn share(current: &mut Current, value: Arc<Value>, offset: usize) -> *mut u8 {
    let address = value.address().wrapping_add(offset);
    current.shared.push(value);
    address
}

pub(super) unsafe fn __faasm_state_size(key: *const u8, key_len: usize) -> u64 {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.state_size(key)
    })
}

pub(super) unsafe fn __faasm_read_state(
    key: *const u8,
    key_len: usize,
    buf: *mut u8,
    buf_len: usize,
) -> usize {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        if buf_len == 0 {
            return Ok(usize::try_from(current.context.state_size(key)?)?);
        }
        let bytes = current.context.read_state(key, buf_len)?;
        // SAFETY: the guest's own memory, as the interface asks.
        Ok(unsafe { copy_out(&bytes, buf, buf_len) })
    })
}

pub(super) unsafe fn __faasm_read_state_ptr(
    key: *const u8,
    key_len: usize,
    total_len: usize,
) -> *mut u8 {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        let value = current.context.share_state(key, total_len)?;
        Ok(share(current, value, 0))
    })
}

pub(super) unsafe fn __faasm_read_state_offset(
    key: *const u8,
    key_len: usize,
    total_len: usize,
    offset: usize,
    buf: *mut u8,
    len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        let range = offset..offset.saturating_add(len);
        let bytes = current.context.read_state_chunk(key, total_len, range)?;
        // SAFETY: the guest's own memory, as the interface asks.
        unsafe { copy_out(&bytes, buf, len) };
        Ok(())
    });
}

pub(super) unsafe fn __faasm_read_state_offset_ptr(
    key: *const u8,
    key_len: usize,
    total_len: usize,
    offset: usize,
    len: usize,
) -> *mut u8 {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        let range = offset..offset.saturating_add(len);
        let value = current.context.share_state_chunk(key, total_len, range)?;
        Ok(share(current, value, offset))
    })
}

pub(super) unsafe fn __faasm_write_state(
    key: *const u8,
    key_len: usize,
    data: *const u8,
    len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        // SAFETY: as above.
        current.context.write_state(key, unsafe { bytes(data, len) })
    });
}

pub(super) unsafe fn __faasm_write_state_offset(
    key: *const u8,
    key_len: usize,
    total_len: usize,
    offset: usize,
    data: *const u8,
    len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        // SAFETY: as above.
        let data = unsafe { bytes(data, len) };
        current.context.write_state_chunk(key, total_len, offset, data)
    });
}

pub(super) unsafe fn __faasm_flag_state_dirty(key: *const u8, key_len: usize, total_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.flag_state_dirty(key, total_len)
    });
}

pub(super) unsafe fn __faasm_flag_state_offset_dirty(
    key: *const u8,
    key_len: usize,
    total_len: usize,
    offset: usize,
    len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        let range = offset..offset.saturating_add(len);
        current.context.flag_state_chunk_dirty(key, total_len, range)
    });
}

pub(super) unsafe fn __faasm_push_state(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.push_state(key)
    });
}

pub(super) unsafe fn __faasm_push_state_partial(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.push_state_partial(key)
    });
}

pub(super) unsafe fn __faasm_push_state_partial_mask(
    key: *const u8,
    key_len: usize,
    mask_key: *const u8,
    mask_key_len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        // SAFETY: as above.
        let mask_key = unsafe { text(mask_key, mask_key_len) }?;
        current.context.push_state_partial_mask(key, mask_key)
    });
}

pub(super) unsafe fn __faasm_pull_state(key: *const u8, key_len: usize, total_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.pull_state(key, total_len)
    });
}

pub(super) unsafe fn __faasm_append_state(
    key: *const u8,
    key_len: usize,
    data: *const u8,
    len: usize,
) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        // SAFETY: as above.
        current.context.append_state(key, unsafe { bytes(data, len) })
    });
}

pub(super) unsafe fn __faasm_read_appended_state(
    key: *const u8,
    key_len: usize,
    buf: *mut u8,
    buf_len: usize,
    n_elements: usize,
) -> usize {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        let bytes = current.context.read_appended_state(key, buf_len, n_elements)?;
        // SAFETY: as above.
        Ok(unsafe { copy_out(&bytes, buf, buf_len) })
    })
}

pub(super) unsafe fn __faasm_clear_appended_state(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.clear_appended_state(key)
    });
}

pub(super) unsafe fn __faasm_lock_state_read(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.lock_state(key, Access::Read)
    });
}

pub(super) unsafe fn __faasm_unlock_state_read(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.unlock_state(key, Access::Read)
    });
}

pub(super) unsafe fn __faasm_lock_state_write(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.lock_state(key, Access::Write)
    });
}

pub(super) unsafe fn __faasm_unlock_state_write(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.unlock_state(key, Access::Write)
    });
}

pub(super) unsafe fn __faasm_lock_state_global(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.lock_state_global(key)
    });
}

pub(super) unsafe fn __faasm_unlock_state_global(key: *const u8, key_len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let key = unsafe { text(key, key_len) }?;
        current.context.unlock_state_global(key)
    });
}

pub(super) unsafe fn __faasm_read_input(buf: *mut u8, buf_len: usize) -> usize {
    with(|current| {
        let input = current.context.input();
        // SAFETY: the guest's own memory, as the interface asks.
        unsafe { copy_out(input, buf, buf_len) };
        Ok(input.len())
    })
}

pub(super) unsafe fn __faasm_write_output(data: *const u8, len: usize) {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        current.context.write_output(unsafe { bytes(data, len) }.to_vec());
        Ok(())
    });
}

pub(super) unsafe fn __faasm_get_idx() -> i32 {
    with(|current| Ok(current.context.index().cast_signed()))
}

pub(super) unsafe fn __faasm_random_seed() -> u64 {
    with(|current| Ok(current.context.seed()))
}

pub(super) unsafe fn __faasm_clock_ns() -> u64 {
    clock_ns()
}

pub(super) unsafe fn __faasm_chain_this(index: i32, input: *const u8, input_len: usize) -> u32 {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let input = unsafe { bytes(input, input_len) }.to_vec();
        current.context.chain_this(index, input)
    })
}

pub(super) unsafe fn __faasm_chain_function(
    name: *const u8,
    name_len: usize,
    input: *const u8,
    input_len: usize,
) -> u32 {
    with(|current| {
        // SAFETY: the guest's own memory, as the interface asks.
        let (name, input) = unsafe { (text(name, name_len)?, bytes(input, input_len)) };
        current.context.chain_function(name, input.to_vec())
    })
}

pub(super) unsafe fn __faasm_await_call(id: u32) -> i32 {
    with(|current| Ok(current.context.await_call(id)?.return_value))
}

pub(super) unsafe fn __faasm_await_call_output(id: u32, buf: *mut u8, buf_len: usize) -> i64 {
    with(|current| {
        let outcome = current.context.await_call(id)?;
        if !outcome.is_success() {
            return Ok(-1);
        }
        // SAFETY: the guest's own memory, as the interface asks.
        unsafe { copy_out(&outcome.output, buf, buf_len) };
        Ok(i64::try_from(outcome.output.len())?)
    })
}

//! The host interface of native guests: the functions of `fixtures/guests/HOST_INTERFACE.md`.

use std::ops::Range;

use super::{
    current::with,
    memory::{Buffer, bytes, text},
    scratch::Scratch,
};
use crate::{host::clock_ns, state::Access};

#[cfg(any(test, target_arch = "x86_64"))]
pub(super) use super::vectors::Level;

/// Defines host functions by what they do to the thread's call.
///
/// An argument of the kind `text`, `bytes` or `buffer` stands for two of the
/// interface, an address and a length; any other is what it says.
macro_rules! host_functions {
    ($call:ident: $(fn $name:ident($($arguments:tt)*) $(-> $returned:ty)? $body:block)*) => {
        $(host_function! { $call $name [$($returned)?] $body [] [] $($arguments)* })*
    };
}

/// Takes one argument after the other, and adds its parameters and how to read them.
macro_rules! host_function {
    ($call:ident $name:ident $returned:tt $body:block [$($parameters:tt)*] [$($reads:tt)*]
        $argument:ident: text $(, $($rest:tt)*)?) => {
        host_function! { $call $name $returned $body
            [$($parameters)* $argument: *const u8, len: usize,]
            // SAFETY: the guest's own memory, as the interface asks.
            [$($reads)* let $argument = unsafe { text($argument, len) }?;]
            $($($rest)*)? }
    };
    ($call:ident $name:ident $returned:tt $body:block [$($parameters:tt)*] [$($reads:tt)*]
        $argument:ident: bytes $(, $($rest:tt)*)?) => {
        host_function! { $call $name $returned $body
            [$($parameters)* $argument: *const u8, len: usize,]
            // SAFETY: the guest's own memory, as the interface asks.
            [$($reads)* let $argument = unsafe { bytes($argument, len) };]
            $($($rest)*)? }
    };
    ($call:ident $name:ident $returned:tt $body:block [$($parameters:tt)*] [$($reads:tt)*]
        $argument:ident: buffer $(, $($rest:tt)*)?) => {
        host_function! { $call $name $returned $body
            [$($parameters)* $argument: *mut u8, len: usize,]
            // SAFETY: the guest's own memory, as the interface asks.
            [$($reads)* let $argument = unsafe { Buffer::new($argument, len) };]
            $($($rest)*)? }
    };
    ($call:ident $name:ident $returned:tt $body:block [$($parameters:tt)*] [$($reads:tt)*]
        $argument:ident: $kind:ty $(, $($rest:tt)*)?) => {
        host_function! { $call $name $returned $body
            [$($parameters)* $argument: $kind,] [$($reads)*] $($($rest)*)? }
    };
    ($call:ident $name:ident [$($returned:ty)?] $body:block
        [$($parameters:tt)*] [$($reads:tt)*]) => {
        pub(super) unsafe fn $name($($parameters)*) $(-> $returned)? {
            with(|$call| {
                $($reads)*
                $body
            })
        }
    };
}

host_functions! { call:
    fn __faasm_state_size(key: text) -> u64 { call.context.state_size(key) }

    fn __faasm_read_state(key: text, buf: buffer) -> usize {
        match buf.len {
            0 => Ok(usize::try_from(call.context.state_size(key)?)?),
            len => Ok(buf.fill(&call.context.read_state(key, len)?)),
        }
    }

    fn __faasm_read_state_ptr(key: text, total_len: usize) -> *mut u8 {
        let value = call.context.share_state(key, total_len)?;
        Ok(call.share(value, 0))
    }

    fn __faasm_read_state_offset(key: text, total_len: usize, offset: usize, buf: buffer) {
        let range = range(offset, buf.len);
        buf.fill(&call.context.read_state_chunk(key, total_len, range)?);
        Ok(())
    }

    fn __faasm_read_state_offset_ptr(
        key: text, total_len: usize, offset: usize, len: usize
    ) -> *mut u8 {
        let value = call.context.share_state_chunk(key, total_len, range(offset, len))?;
        Ok(call.share(value, offset))
    }

    fn __faasm_write_state(key: text, data: bytes) { call.context.write_state(key, data) }

    fn __faasm_write_state_offset(key: text, total_len: usize, offset: usize, data: bytes) {
        call.context.write_state_chunk(key, total_len, offset, data)
    }

    fn __faasm_flag_state_dirty(key: text, total_len: usize) {
        call.context.flag_state_dirty(key, total_len)
    }

    fn __faasm_flag_state_offset_dirty(key: text, total_len: usize, offset: usize, len: usize) {
        call.context.flag_state_chunk_dirty(key, total_len, range(offset, len))
    }

    fn __faasm_push_state(key: text) { call.context.push_state(key) }

    fn __faasm_push_state_partial(key: text) { call.context.push_state_partial(key) }

    fn __faasm_push_state_partial_mask(key: text, mask_key: text) {
        call.context.push_state_partial_mask(key, mask_key)
    }

    fn __faasm_pull_state(key: text, total_len: usize) { call.context.pull_state(key, total_len) }

    fn __faasm_append_state(key: text, data: bytes) { call.context.append_state(key, data) }

    fn __faasm_read_appended_state(key: text, buf: buffer, n_elements: usize) -> usize {
        Ok(buf.fill(&call.context.read_appended_state(key, buf.len, n_elements)?))
    }

    fn __faasm_clear_appended_state(key: text) { call.context.clear_appended_state(key) }

    fn __faasm_lock_state_read(key: text) { call.context.lock_state(key, Access::Read) }

    fn __faasm_unlock_state_read(key: text) { call.context.unlock_state(key, Access::Read) }

    fn __faasm_lock_state_write(key: text) { call.context.lock_state(key, Access::Write) }

    fn __faasm_unlock_state_write(key: text) { call.context.unlock_state(key, Access::Write) }

    fn __faasm_lock_state_global(key: text) { call.context.lock_state_global(key) }

    fn __faasm_unlock_state_global(key: text) { call.context.unlock_state_global(key) }

    fn __faasm_read_input(buf: buffer) -> usize {
        let input = call.context.input();
        buf.fill(input);
        Ok(input.len())
    }

    fn __faasm_write_output(data: bytes) {
        call.context.write_output(data.to_vec());
        Ok(())
    }

    fn __faasm_get_idx() -> i32 { Ok(call.context.index().cast_signed()) }

    fn __faasm_random_seed() -> u64 { Ok(call.context.seed()) }

    fn __faasm_chain_this(index: i32, input: bytes) -> u32 {
        call.context.chain_this(index, input.to_vec())
    }

    fn __faasm_chain_function(name: text, input: bytes) -> u32 {
        call.context.chain_function(name, input.to_vec())
    }

    fn __faasm_await_call(id: u32) -> i32 { Ok(call.context.await_call(id)?.return_value) }

    fn map_state(key: text, total_len: usize) -> *const u8 {
        let value = call.context.share_state(key, total_len)?;
        let shared = call.share(value, 0);
        // SAFETY: the value is that long and stays; a process runs one call at a time, so nobody writes to it.
        Ok(call.scratch(unsafe { Scratch::copy_of(shared, total_len) }?))
    }

    fn scratch(len: usize) -> *mut u8 { Ok(call.scratch(Scratch::zeroed(len)?)) }

    fn __faasm_await_call_output(id: u32, buf: buffer) -> i64 {
        let outcome = call.context.await_call(id)?;
        if !outcome.is_success() {
            return Ok(-1);
        }
        buf.fill(&outcome.output);
        Ok(i64::try_from(outcome.output.len())?)
    }
}

pub(super) unsafe fn __faasm_clock_ns() -> u64 {
    clock_ns()
}

/// A range whose end no guest can overflow; the value then refuses it.
fn range(offset: usize, len: usize) -> Range<usize> {
    offset..offset.saturating_add(len)
}

//! The host interface of wasm guests: names and types of `fixtures/guests/HOST_INTERFACE.md`.

use std::{ops::Range, sync::Arc};

use anyhow::Context as _;
use sandbox::{Host, Linker, Sandbox};

use crate::{
    host::{Context, clock_ns},
    state::Access,
};

/// What a Faaslet's guest carries: the context of the call that it runs, if any.
pub(super) type Tenant = Option<Context>;

type Guest<'a, 'b> = &'a mut Host<'b, Tenant>;

const MODULE: &str = "env";

/// The host functions that a guest may import.
///
/// # Errors
/// Never: the names differ.
pub(super) fn linker(sandbox: &Sandbox) -> anyhow::Result<Linker<Tenant>> {
    let mut linker = Linker::new(sandbox);
    define_reads(&mut linker)?;
    define_writes(&mut linker)?;
    define_transfers(&mut linker)?;
    define_appends(&mut linker)?;
    define_locks(&mut linker)?;
    define_call(&mut linker)?;
    define_chaining(&mut linker)?;
    Ok(linker)
}

fn define_reads(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(MODULE, "__faasm_state_size", |guest: Guest<'_, '_>, key: u32, key_len: u32| {
            let key = guest.read_string(key, key_len)?;
            context(guest)?.state_size(&key)
        })?
        .func(MODULE, "__faasm_read_state", read_state)?
        .func(
            MODULE,
            "__faasm_read_state_ptr",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, total_len: u32| {
                share(guest, (key, key_len), total_len, 0, total_len)
            },
        )?
        .func(
            MODULE,
            "__faasm_read_state_offset",
            |guest: Guest<'_, '_>,
             key: u32,
             key_len: u32,
             total_len: u32,
             offset: u32,
             buf: u32,
             len: u32| {
                let key = guest.read_string(key, key_len)?;
                let range = range(offset, len);
                let bytes = context(guest)?.read_state_chunk(&key, total_len as usize, range)?;
                guest.write(buf, &bytes)
            },
        )?
        .func(
            MODULE,
            "__faasm_read_state_offset_ptr",
            |guest: Guest<'_, '_>,
             key: u32,
             key_len: u32,
             total_len: u32,
             offset: u32,
             len: u32| share(guest, (key, key_len), total_len, offset, len),
        )?;
    Ok(())
}

fn define_writes(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(
            MODULE,
            "__faasm_write_state",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, data: u32, len: u32| {
                let key = guest.read_string(key, key_len)?;
                let bytes = guest.read_vec(data, len)?;
                context(guest)?.write_state(&key, &bytes)
            },
        )?
        .func(
            MODULE,
            "__faasm_write_state_offset",
            |guest: Guest<'_, '_>,
             key: u32,
             key_len: u32,
             total_len: u32,
             offset: u32,
             data: u32,
             len: u32| {
                let key = guest.read_string(key, key_len)?;
                let bytes = guest.read_vec(data, len)?;
                let (total_bytes, offset) = (total_len as usize, offset as usize);
                context(guest)?.write_state_chunk(&key, total_bytes, offset, &bytes)
            },
        )?
        .func(
            MODULE,
            "__faasm_flag_state_dirty",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, total_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.flag_state_dirty(&key, total_len as usize)
            },
        )?
        .func(
            MODULE,
            "__faasm_flag_state_offset_dirty",
            |guest: Guest<'_, '_>,
             key: u32,
             key_len: u32,
             total_len: u32,
             offset: u32,
             len: u32| {
                let key = guest.read_string(key, key_len)?;
                let range = range(offset, len);
                context(guest)?.flag_state_chunk_dirty(&key, total_len as usize, range)
            },
        )?;
    Ok(())
}

fn define_transfers(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(MODULE, "__faasm_push_state", |guest: Guest<'_, '_>, key: u32, key_len: u32| {
            let key = guest.read_string(key, key_len)?;
            context(guest)?.push_state(&key)
        })?
        .func(
            MODULE,
            "__faasm_push_state_partial",
            |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.push_state_partial(&key)
            },
        )?
        .func(
            MODULE,
            "__faasm_push_state_partial_mask",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, mask: u32, mask_len: u32| {
                let key = guest.read_string(key, key_len)?;
                let mask = guest.read_string(mask, mask_len)?;
                context(guest)?.push_state_partial_mask(&key, &mask)
            },
        )?
        .func(
            MODULE,
            "__faasm_pull_state",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, total_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.pull_state(&key, total_len as usize)
            },
        )?;
    Ok(())
}

fn define_appends(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(
            MODULE,
            "__faasm_append_state",
            |guest: Guest<'_, '_>, key: u32, key_len: u32, data: u32, len: u32| {
                let key = guest.read_string(key, key_len)?;
                let element = guest.read_vec(data, len)?;
                context(guest)?.append_state(&key, &element)
            },
        )?
        .func(MODULE, "__faasm_read_appended_state", read_appended_state)?
        .func(
            MODULE,
            "__faasm_clear_appended_state",
            |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.clear_appended_state(&key)
            },
        )?;
    Ok(())
}

fn define_locks(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    for (name, access) in [("read", Access::Read), ("write", Access::Write)] {
        linker
            .func(
                MODULE,
                &format!("__faasm_lock_state_{name}"),
                move |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                    let key = guest.read_string(key, key_len)?;
                    context(guest)?.lock_state(&key, access)
                },
            )?
            .func(
                MODULE,
                &format!("__faasm_unlock_state_{name}"),
                move |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                    let key = guest.read_string(key, key_len)?;
                    context(guest)?.unlock_state(&key, access)
                },
            )?;
    }
    linker
        .func(
            MODULE,
            "__faasm_lock_state_global",
            |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.lock_state_global(&key)
            },
        )?
        .func(
            MODULE,
            "__faasm_unlock_state_global",
            |guest: Guest<'_, '_>, key: u32, key_len: u32| {
                let key = guest.read_string(key, key_len)?;
                context(guest)?.unlock_state_global(&key)
            },
        )?;
    Ok(())
}

fn define_call(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(MODULE, "__faasm_read_input", read_input)?
        .func(MODULE, "__faasm_write_output", |guest: Guest<'_, '_>, data: u32, len: u32| {
            let output = guest.read_vec(data, len)?;
            context(guest)?.write_output(output);
            Ok(())
        })?
        .func(MODULE, "__faasm_get_idx", |guest: Guest<'_, '_>| Ok(context(guest)?.index()))?
        .func(MODULE, "__faasm_random_seed", |guest: Guest<'_, '_>| Ok(context(guest)?.seed()))?
        .func(MODULE, "__faasm_clock_ns", |_: Guest<'_, '_>| Ok(clock_ns()))?;
    Ok(())
}

fn define_chaining(linker: &mut Linker<Tenant>) -> anyhow::Result<()> {
    linker
        .func(
            MODULE,
            "__faasm_chain_this",
            |guest: Guest<'_, '_>, index: i32, input: u32, input_len: u32| {
                let input = guest.read_vec(input, input_len)?;
                context(guest)?.chain_this(index, input)
            },
        )?
        .func(
            MODULE,
            "__faasm_chain_function",
            |guest: Guest<'_, '_>, name: u32, name_len: u32, input: u32, input_len: u32| {
                let name = guest.read_string(name, name_len)?;
                let input = guest.read_vec(input, input_len)?;
                context(guest)?.chain_function(&name, input)
            },
        )?
        .func(MODULE, "__faasm_await_call", |guest: Guest<'_, '_>, id: u32| {
            Ok(context(guest)?.await_call(id)?.return_value)
        })?
        .func(MODULE, "__faasm_await_call_output", await_call_output)?;
    Ok(())
}

fn read_state(
    guest: Guest<'_, '_>,
    key: u32,
    key_len: u32,
    buf: u32,
    buf_len: u32,
) -> anyhow::Result<u32> {
    let key = guest.read_string(key, key_len)?;
    if buf_len == 0 {
        return len_u32(context(guest)?.state_size(&key)?);
    }
    let bytes = context(guest)?.read_state(&key, buf_len as usize)?;
    guest.write(buf, &bytes)?;
    len_u32(bytes.len() as u64)
}

fn read_appended_state(
    guest: Guest<'_, '_>,
    key: u32,
    key_len: u32,
    buf: u32,
    buf_len: u32,
    n_elements: u32,
) -> anyhow::Result<u32> {
    let key = guest.read_string(key, key_len)?;
    let (max_bytes, n_elements) = (buf_len as usize, n_elements as usize);
    let bytes = context(guest)?.read_appended_state(&key, max_bytes, n_elements)?;
    guest.write(buf, &bytes)?;
    len_u32(bytes.len() as u64)
}

fn read_input(guest: Guest<'_, '_>, buf: u32, buf_len: u32) -> anyhow::Result<u32> {
    let input = context(guest)?.input();
    let len = len_u32(input.len() as u64)?;
    let copied = input[..input.len().min(buf_len as usize)].to_vec();
    guest.write(buf, &copied)?;
    Ok(len)
}

fn await_call_output(guest: Guest<'_, '_>, id: u32, buf: u32, buf_len: u32) -> anyhow::Result<i64> {
    let outcome = context(guest)?.await_call(id)?;
    if !outcome.is_success() {
        return Ok(-1);
    }
    let output = outcome.output;
    guest.write(buf, &output[..output.len().min(buf_len as usize)])?;
    Ok(i64::try_from(output.len())?)
}

/// Maps a whole value into the guest, so that all its chunks share one mapping,
/// and returns the address of the byte at `offset`.
fn share(
    guest: Guest<'_, '_>,
    (key, key_len): (u32, u32),
    total_len: u32,
    offset: u32,
    len: u32,
) -> anyhow::Result<u32> {
    let key = guest.read_string(key, key_len)?;
    let range = range(offset, len);
    let value = context(guest)?.share_state_chunk(&key, total_len as usize, range)?;
    let region = Arc::clone(value.region());
    Ok(guest.attach(&region)? + offset)
}

fn context<'a>(guest: &'a mut Host<'_, Tenant>) -> anyhow::Result<&'a mut Context> {
    guest.data_mut().as_mut().context("a guest may call the host only while it runs a call")
}

fn range(offset: u32, len: u32) -> Range<usize> {
    offset as usize..offset as usize + len as usize
}

fn len_u32(len: u64) -> anyhow::Result<u32> {
    u32::try_from(len).context("more than 4 GiB do not fit a guest's memory")
}

//! A small pool, and guests written as text.

use std::{sync::Arc, time::Duration};

use sandbox::{Guest, Host, Limit, Linker, Prepared, Region, Sandbox, Settings};

pub(crate) const WASM_PAGE: usize = 65_536;
pub(crate) const MEMORY_MAX: usize = 16 * WASM_PAGE;

/// Generous: only a guest that hangs reaches it.
pub(crate) const A_MINUTE: Limit = Limit::Within(Duration::from_secs(60));

/// The data of most guests: a region to attach.
pub(crate) type Shared = Option<Arc<Region>>;

pub(crate) fn sandbox(slots: u32) -> Sandbox {
    let tick = Duration::from_millis(1);
    Sandbox::new(Settings { slots, memory_max_bytes: MEMORY_MAX, tick }).unwrap()
}

pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A program without data of its own, linked to nothing but `attach`.
pub(crate) fn prepare(sandbox: &Sandbox, text: &str) -> Prepared<Shared> {
    linker(sandbox).prepare(&sandbox.compile(&wasm(text)).unwrap()).unwrap()
}

/// Host functions `attach` (the guest's region) and `attach_range(offset, len)`.
pub(crate) fn linker(sandbox: &Sandbox) -> Linker<Shared> {
    let mut linker = Linker::<Shared>::new(sandbox);
    linker
        .func("host", "attach", |host: &mut Host<'_, Shared>| {
            let region = host.data().clone().unwrap();
            host.attach(&region)
        })
        .unwrap()
        .func("host", "attach_range", |host: &mut Host<'_, Shared>, offset: u32, len: u32| {
            let region = host.data().clone().unwrap();
            host.attach_range(&region, offset as usize..(offset + len) as usize)
        })
        .unwrap();
    linker
}

/// A guest of a module without state to share.
pub(crate) fn guest(sandbox: &Sandbox, text: &str) -> Guest<Shared> {
    prepare(sandbox, text).start(None, A_MINUTE).unwrap()
}

/// All of a guest's memory.
pub(crate) fn memory_of<T>(guest: &Guest<T>) -> Vec<u8> {
    let mut bytes = vec![0; guest.memory_len()];
    guest.read(0, &mut bytes).unwrap();
    bytes
}

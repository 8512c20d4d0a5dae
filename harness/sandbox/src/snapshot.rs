//! A module's state after its initialisation, as a module of its own.
//!
//! The derived module's data segments and globals are the state, so the engine's
//! copy-on-write image of a module's initial memory restores it for free.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use anyhow::Context as _;
use wasmtime::{Instance, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use crate::{clock::Limit, linker::Linker, sandbox::anyhow_from, tenant::Tenant};

impl<T: Send + 'static> Linker<T> {
    /// Runs a module's start function, `_initialize` if it has one, and then
    /// `init`, and returns a module that starts in the state where they ended.
    /// The functions run are no longer exported.
    ///
    /// # Errors
    /// If one of them fails or attaches a region, or if the module has state that
    /// a snapshot cannot hold: imported memories, changing tables.
    pub fn snapshot(
        &self,
        wasm: &[u8],
        init: Option<&str>,
        data: T,
        limit: Limit,
    ) -> anyhow::Result<Vec<u8>> {
        let mut wizer = Wizer::new();
        wizer.init_func(init.unwrap_or("_initialize"));
        let (module, observable) =
            wizer.instrument(wasm).map_err(anyhow_from).context("cannot snapshot this module")?;
        let program = self.sandbox().compile(&observable)?;
        let mut guest = self.prepare(&program)?.start(data, limit)?;
        if guest.has_function("_initialize") {
            guest.call::<(), ()>("_initialize", (), limit)?;
        }
        if let Some(init) = init.filter(|init| *init != "_initialize") {
            guest.call::<(), ()>(init, (), limit)?;
        }
        anyhow::ensure!(
            !guest.has_attachments(),
            "a region was attached during initialisation: shared state cannot be part of a snapshot"
        );
        let (store, instance) = guest.instance();
        let snapshot = ready(wizer.snapshot(&module, &mut State { store, instance }));
        snapshot.map_err(anyhow_from).context("cannot write the snapshot")
    }
}

/// Where the snapshot reads an instance's state.
struct State<'a, T: 'static> {
    store: &'a mut Store<Tenant<T>>,
    instance: Instance,
}

impl<T: Send> InstanceState for State<'_, T> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut *self.store, name);
        match global.expect("the instrumented module exports it").get(&mut *self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => unreachable!("the instrumentation refuses globals that are references"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut *self.store, name);
        contents(memory.expect("the instrumented module exports it").data(&*self.store));
    }
}

/// The result of a future that never waits.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("reading an instance's state does not wait"),
    }
}

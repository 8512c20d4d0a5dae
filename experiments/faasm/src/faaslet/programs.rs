//! Proto-Faaslets: each function's module, compiled and initialised once per process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use sandbox::{Limit, Linker, Prepared, Program, Sandbox};

use super::{
    interface::{self, Tenant},
    threads::lock,
};
use crate::{
    functions::{Functions, digest},
    message::Function,
};

/// The function whose end is where a Proto-Faaslet begins, if a module has one.
pub(super) const ZYGOTE: &str = "faasm_zygote";
/// The function that a call without an index runs.
pub(super) const MAIN: &str = "faasm_func_0";
/// A module's start and zygote functions only initialise; this is generous.
pub(super) const INIT_LIMIT: Limit = Limit::Within(Duration::from_secs(10));

/// The programs of one process, kept by content.
pub struct Programs {
    sandbox: Sandbox,
    linker: Linker<Tenant>,
    prepared: Mutex<HashMap<String, Arc<Prepared<Tenant>>>>,
    /// Held while a module is tried, so that uploads need one slot, however
    /// many come at once.
    trial: Mutex<()>,
    /// Counts the uploads and flushes here, after which a Faaslet should ask
    /// for its program again. What is uploaded elsewhere is seen after a flush.
    version: AtomicU64,
}

impl Programs {
    /// No programs yet; they will run in `sandbox`.
    ///
    /// # Errors
    /// If the host interface cannot be defined.
    pub fn new(sandbox: Sandbox) -> anyhow::Result<Self> {
        let linker = interface::linker(&sandbox)?;
        Ok(Self {
            sandbox,
            linker,
            prepared: Mutex::default(),
            trial: Mutex::default(),
            version: AtomicU64::new(0),
        })
    }

    /// The current program of `function`, compiled if its content is new here.
    ///
    /// # Errors
    /// If there is no such function, or its module cannot run.
    pub(super) fn get(
        &self,
        function: &Function,
        functions: &Functions,
    ) -> anyhow::Result<Arc<Prepared<Tenant>>> {
        let digest = functions.digest(function)?;
        // Held while compiling: the others wait for this program, most likely.
        let mut prepared = lock(&self.prepared);
        if let Some(program) = prepared.get(&digest) {
            return Ok(Arc::clone(program));
        }
        let program = self
            .load(function, &digest, functions)
            .with_context(|| format!("prepare function `{function}`"))?;
        let program = Arc::new(program);
        prepared.insert(digest, Arc::clone(&program));
        Ok(program)
    }

    /// Accepts a function: compiles its module, so that an upload fails early or
    /// not at all, and stores it with its machine code.
    ///
    /// # Errors
    /// If the module cannot run here, or the state tier does not answer.
    pub fn accept(
        &self,
        function: &Function,
        wasm: &[u8],
        functions: &Functions,
    ) -> anyhow::Result<()> {
        let program = self.compile(wasm).map_err(Rejected)?;
        let code = program.serialize().context("write the machine code")?;
        functions.store_code(&digest(wasm), self.sandbox.compatibility(), &code)?;
        functions.store(function, wasm)?;
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Forgets every program; a Faaslet keeps its own until its next call.
    pub fn clear(&self) {
        lock(&self.prepared).clear();
        self.version.fetch_add(1, Ordering::Release);
    }

    /// A number that changes when a function may have a new program.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn load(
        &self,
        function: &Function,
        digest: &str,
        functions: &Functions,
    ) -> anyhow::Result<Prepared<Tenant>> {
        match functions.code(digest, self.sandbox.compatibility())? {
            // SAFETY: an upload role or a worker wrote it there for this kind
            // of engine, and we trust who can write to the state tier.
            Some(code) => unsafe { self.prepare_code(&code) },
            None => self.prepare(&functions.wasm(function)?),
        }
    }

    /// Compiles and links a module: its Proto-Faaslet.
    ///
    /// # Errors
    /// If it cannot run here.
    pub(super) fn prepare(&self, wasm: &[u8]) -> anyhow::Result<Prepared<Tenant>> {
        self.linker.prepare(&self.compile(wasm)?)
    }

    /// Loads and links machine code.
    ///
    /// # Safety
    /// As of [`Sandbox::deserialize`].
    ///
    /// # Errors
    /// If it was made by an incompatible sandbox.
    pub(super) unsafe fn prepare_code(&self, code: &[u8]) -> anyhow::Result<Prepared<Tenant>> {
        // SAFETY: the caller's promise.
        self.linker.prepare(&unsafe { self.sandbox.deserialize(code) }?)
    }

    /// The machine code of a module as it stands, whatever its zygote function would do.
    ///
    /// # Errors
    /// If it is no module that fits a slot.
    pub(super) fn machine_code(&self, wasm: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.sandbox.compile(wasm)?.serialize()
    }

    /// Compiles a module; if it has a zygote function, its state after that.
    fn compile(&self, wasm: &[u8]) -> anyhow::Result<Program> {
        let _trial = lock(&self.trial);
        let original = self.sandbox.compile(wasm)?;
        let mut guest = self.linker.prepare(&original)?.start(None, INIT_LIMIT)?;
        ensure!(guest.has_function(MAIN), "the module exports no `{MAIN}`, its main function");
        if !guest.has_function(ZYGOTE) {
            // Its own memory image is the snapshot already.
            return Ok(original);
        }
        drop(guest);
        let snapshot = self.linker.snapshot(wasm, Some(ZYGOTE), None, INIT_LIMIT)?;
        self.sandbox.compile(&snapshot)
    }
}

/// The module of an upload cannot run.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct Rejected(anyhow::Error);

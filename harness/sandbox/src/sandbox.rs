//! The engine that compiles programs and the pool of slots that they run in.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use anyhow::Context as _;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Module, OptLevel, PoolingAllocationConfig,
};

use crate::ticker::Ticker;

/// How many memory mappings of the process a guest needs at most, attached regions not
/// counted (each adds up to two). The system allows `vm.max_map_count` of them.
pub const MAPPINGS_PER_GUEST: u32 = 5;

/// How much of the calling thread's stack a guest may use.
const GUEST_STACK_BYTES: usize = 512 * 1024;

/// How large a pool of guests is, and how closely they are watched.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many guests there can be at once. An unused slot costs address space only.
    pub slots: u32,
    /// How much memory of its own a guest may have. Attached regions are not
    /// counted; both together are bounded by the 4 GiB that wasm can address.
    pub memory_max_bytes: usize,
    /// How often running guests are interrupted to see whether they may go on.
    pub tick: Duration,
}

/// Compiles and runs guests. A clone is the same sandbox; its ticker thread ends
/// with the last of them, and of the programs and guests made from it.
///
/// Guests are bounded by guard pages, not by checks in their code: each slot
/// reserves the 4 GiB that a 32-bit address can reach and a guard beyond.
/// They are interrupted by epochs in every build.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    engine: Engine,
    ticker: Ticker,
    settings: Settings,
}

/// A compiled module.
#[derive(Debug, Clone)]
pub struct Program {
    module: Module,
}

impl Sandbox {
    /// Reserves the slots and starts the ticker.
    ///
    /// # Errors
    /// If a setting is zero, or the system has no address space for the slots.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        anyhow::ensure!(settings.slots > 0, "a sandbox without slots cannot run guests");
        anyhow::ensure!(!settings.tick.is_zero(), "guests cannot be watched all the time");
        let engine = Engine::new(&config(&settings)).map_err(anyhow_from).with_context(|| {
            format!("cannot reserve {} slots for guests (hint: ask for fewer)", settings.slots)
        })?;
        let ticker = Ticker::start(&engine, settings.tick)?;
        Ok(Self(Arc::new(Shared { engine, ticker, settings })))
    }

    /// Compiles a module in wasm's binary format.
    ///
    /// # Errors
    /// If it is not a valid module, or can never fit a slot.
    pub fn compile(&self, wasm: &[u8]) -> anyhow::Result<Program> {
        let module = Module::from_binary(self.engine(), wasm)
            .map_err(anyhow_from)
            .context("cannot compile the module")?;
        Program::new(module)
    }

    /// Loads what [`Program::serialize`] wrote, without compiling.
    ///
    /// # Safety
    /// The artifact is machine code that will run: it must be the unaltered
    /// output of [`Program::serialize`]. A sandbox of another
    /// [`compatibility`](Self::compatibility) refuses it, but nothing detects a forgery.
    ///
    /// # Errors
    /// If it was made by an incompatible sandbox.
    pub unsafe fn deserialize(&self, artifact: &[u8]) -> anyhow::Result<Program> {
        // SAFETY: the caller's promise.
        let module = unsafe { Module::deserialize(self.engine(), artifact) }
            .map_err(anyhow_from)
            .context("cannot load the compiled module (hint: compile it again)")?;
        Program::new(module)
    }

    /// Names the engine's version and settings: artifacts travel between
    /// sandboxes, of any process and machine, where it is the same.
    #[must_use]
    pub fn compatibility(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.engine().precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    /// What the sandbox was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// How many guests without regions can run at once: its slots, or fewer where
    /// the system allows this process fewer memory mappings than they need.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        let by_mappings = mappings_allowed().unwrap_or(u32::MAX) / MAPPINGS_PER_GUEST;
        self.0.settings.slots.min(by_mappings)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn ticks(&self) -> Arc<AtomicU64> {
        self.0.ticker.ticks()
    }
}

impl Program {
    fn new(module: Module) -> anyhow::Result<Self> {
        // Now, so that the first start is as fast as the next.
        module
            .initialize_copy_on_write_image()
            .map_err(anyhow_from)
            .context("cannot make the module's memory image")?;
        Ok(Self { module })
    }

    /// The compiled code, for [`Sandbox::deserialize`].
    ///
    /// # Errors
    /// If it does not fit in memory.
    pub fn serialize(&self) -> anyhow::Result<Vec<u8>> {
        self.module.serialize().map_err(anyhow_from)
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }
}

fn config(settings: &Settings) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(settings.slots)
        .total_memories(settings.slots)
        .total_tables(settings.slots);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        // Regions are mapped at fixed places of a memory.
        .memory_may_move(false);
    config
}

fn mappings_allowed() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

pub(crate) fn anyhow_from(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into())
}

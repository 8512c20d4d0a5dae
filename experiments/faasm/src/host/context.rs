//! One running call: its input and output, its chained calls, its clock.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use anyhow::Context as _;

use super::held_locks::HeldLocks;
use crate::{
    message::{Call, CallId, Function, MAX_INDEX, Outcome},
    state::LocalTier,
};

/// How a runtime starts the calls that guests chain, and waits for them.
pub trait Chain: Send + Sync {
    /// Gives `call` an id and starts it somewhere.
    ///
    /// # Errors
    /// If it cannot be started.
    fn start(&self, call: Call) -> anyhow::Result<CallId>;

    /// Waits for the end of a call. While it waits, the caller does not count
    /// as running.
    ///
    /// # Errors
    /// If the state tier does not answer. A call that does not end in time
    /// has a failed outcome.
    fn wait(&self, caller: &Function, id: CallId) -> anyhow::Result<Outcome>;
}

/// The host's side of one call: what its guest's host functions act on.
pub struct Context {
    pub(super) call: Call,
    pub(super) tier: Arc<LocalTier>,
    pub(super) locks: HeldLocks,
    chain: Arc<dyn Chain>,
    output: Vec<u8>,
    n_chained: u32,
}

impl Context {
    /// The context of `call`.
    #[must_use]
    pub fn new(call: Call, tier: Arc<LocalTier>, chain: Arc<dyn Chain>) -> Self {
        let locks = HeldLocks::new(Arc::clone(&tier), format!("call {}", call.id));
        Self { call, tier, locks, chain, output: Vec::new(), n_chained: 0 }
    }

    /// Ends the call: its locks are released, and its output is what is left.
    #[must_use]
    pub fn into_output(self) -> Vec<u8> {
        self.output
    }

    /// The call's input.
    #[must_use]
    pub fn input(&self) -> &[u8] {
        &self.call.input
    }

    /// Replaces the call's output.
    pub fn write_output(&mut self, output: Vec<u8>) {
        self.output = output;
    }

    /// Which function of the module runs.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.call.index
    }

    /// The call's seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.call.seed
    }

    /// Starts a function of this call's module.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn chain_this(&mut self, index: i32, input: Vec<u8>) -> anyhow::Result<CallId> {
        let is_there = |index: &u32| *index <= MAX_INDEX;
        let found = u32::try_from(index).ok().filter(is_there);
        let found = found
            .with_context(|| format!("the guest chains function {index} of 0 to {MAX_INDEX}"))?;
        self.chain(self.call.function.clone(), found, input)
    }

    /// Starts function 0 of another module of the same user.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn chain_function(&mut self, name: &str, input: Vec<u8>) -> anyhow::Result<CallId> {
        self.chain(Function::new(&self.call.function.user, name)?, 0, input)
    }

    /// Waits for the end of a call.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn await_call(&mut self, id: CallId) -> anyhow::Result<Outcome> {
        self.chain.wait(&self.call.function, id)
    }

    fn chain(&mut self, function: Function, index: u32, input: Vec<u8>) -> anyhow::Result<CallId> {
        let call = self.call.chained(self.n_chained, function, index, input);
        self.n_chained += 1;
        self.chain.start(call)
    }
}

/// Monotonic time since this process first asked.
#[must_use]
pub fn clock_ns() -> u64 {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(ORIGIN.elapsed().as_nanos()).expect("a process runs for less than 584 years")
}

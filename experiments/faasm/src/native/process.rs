//! A native function process: its state, its turn, its calls.

use std::{sync::Arc, thread, time::Duration};

use anyhow::Context as _;
use kv::Pool;

use super::{guests, turn::Turn};
use crate::{
    host::{Chain, Context},
    message::{Call, CallId, Function, Outcome},
    results::Results,
    state::LocalTier,
};

/// Where a native process sends the calls that its guest chains.
pub trait ChainedCalls: Send + Sync + 'static {
    /// Sends `call` to some process of its function. If it cannot be delivered,
    /// its failure goes to the results.
    ///
    /// # Errors
    /// If it can not even be tried.
    fn send(&self, call: Call) -> anyhow::Result<()>;
}

/// The settings of a native process.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// The function that it serves.
    pub function: Function,
    /// How long a call waits for one that it chained.
    pub chained_timeout: Duration,
}

/// A native process: it runs one call at a time, on values of its own.
#[derive(Clone)]
pub struct Process(Arc<Shared>);

struct Shared {
    settings: ProcessSettings,
    tier: Arc<LocalTier>,
    results: Results,
    chained: Box<dyn ChainedCalls>,
    turn: Turn,
}

impl Process {
    /// A process that keeps its results in `global` and pulls its state from there.
    ///
    /// # Errors
    /// If no guest of the function's name is part of this binary.
    pub fn new(
        settings: ProcessSettings,
        global: &Arc<Pool>,
        chained: impl ChainedCalls,
    ) -> anyhow::Result<Self> {
        let name = &settings.function.name;
        guests::find(name).with_context(|| format!("this binary has no native guest `{name}`"))?;
        Ok(Self(Arc::new(Shared {
            settings,
            tier: Arc::new(LocalTier::new(Arc::clone(global))),
            results: Results::new(Arc::clone(global)),
            chained: Box::new(chained),
            turn: Turn::default(),
        })))
    }

    /// The results of all processes.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.0.results
    }

    /// The values that this process holds.
    #[must_use]
    pub fn tier(&self) -> &LocalTier {
        &self.0.tier
    }

    /// Runs a call in the background and publishes its end.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn submit(&self, call: Call) -> anyhow::Result<()> {
        let process = self.clone();
        thread::Builder::new()
            .name("background call".to_owned())
            .spawn(move || {
                let id = call.id;
                let outcome = process.run(call);
                process.0.results.publish_or_log(id, &outcome);
            })
            .context("start a thread for a background call")?;
        Ok(())
    }

    /// Runs a call on this thread, when it is its turn.
    #[must_use]
    pub fn run(&self, call: Call) -> Outcome {
        let served = &self.0.settings.function;
        if call.function != *served {
            return Outcome::failed(format!(
                "this process serves `{served}`, not `{}`",
                call.function
            ));
        }
        let entries = guests::find(&served.name).expect("`new` has found it");
        let Some(entry) = entries.get(call.index as usize) else {
            return Outcome::failed(format!("`{served}` has no function {}", call.index));
        };
        let chain: Arc<dyn Chain> = Arc::clone(&self.0) as _;
        let context = Context::new(call, Arc::clone(&self.0.tier), chain);
        self.0.turn.take();
        let outcome = guests::run(*entry, context);
        self.0.turn.give_up();
        outcome
    }
}

impl Chain for Shared {
    fn start(&self, call: Call) -> anyhow::Result<CallId> {
        let id = self.results.new_id()?;
        self.chained.send(Call { id, ..call })?;
        Ok(id)
    }

    fn wait(&self, _caller: &Function, id: CallId) -> anyhow::Result<Outcome> {
        // The call that is waited for may come to this very process.
        self.turn.give_up();
        let outcome = self.wait_for(id);
        self.turn.take();
        outcome
    }
}

impl Shared {
    fn wait_for(&self, id: CallId) -> anyhow::Result<Outcome> {
        let patience = self.settings.chained_timeout;
        self.results.wait(id, patience).map(|outcome| {
            outcome.unwrap_or_else(|| {
                Outcome::failed(format!("call {id} did not end in {patience:?}"))
            })
        })
    }
}

//! A native function process: its state, its turn, its calls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Context as _;
use kv::Pool;

use super::{cold_start::ColdStarts, guests, turn::Turn};
use crate::{
    host::{Chain, Context},
    message::{Call, CallId, ColdStartInterval, Function, Outcome},
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
    /// How long a call waits on average when its interval makes it start cold.
    pub cold_start_delay: Duration,
    /// Source of these waits.
    pub seed: u64,
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
    cold_starts: ColdStarts,
    n_executed: AtomicU64,
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
        let cold_starts = ColdStarts::new(settings.cold_start_delay, settings.seed);
        Ok(Self(Arc::new(Shared {
            settings,
            cold_starts,
            tier: Arc::new(LocalTier::new(Arc::clone(global))),
            results: Results::new(Arc::clone(global)),
            chained: Box::new(chained),
            turn: Turn::default(),
            n_executed: AtomicU64::new(0),
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
        let interval = call.cold_start_interval;
        let context = Context::new(call, Arc::clone(&self.0.tier), chain);
        self.0.turn.take();
        let is_cold = self.0.start_cold(interval);
        let outcome = Outcome { is_cold, ..guests::run(*entry, context) };
        self.0.n_executed.fetch_add(1, Ordering::Relaxed);
        self.0.turn.give_up();
        outcome
    }

    /// Calls that ended here, whether they succeeded or not.
    #[must_use]
    pub fn n_executed(&self) -> u64 {
        self.0.n_executed.load(Ordering::Relaxed)
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
    /// Starts as a new container would, if it is time to; says whether it did.
    #[expect(clippy::disallowed_methods, reason = "nothing could end such a wait earlier")]
    fn start_cold(&self, interval: Option<ColdStartInterval>) -> bool {
        let Some(delay) = self.cold_starts.next(interval) else { return false };
        self.tier.clear();
        thread::sleep(delay);
        true
    }

    fn wait_for(&self, id: CallId) -> anyhow::Result<Outcome> {
        let patience = self.settings.chained_timeout;
        self.results.wait(id, patience).map(|outcome| {
            outcome.unwrap_or_else(|| {
                Outcome::failed(format!("call {id} did not end in {patience:?}"))
            })
        })
    }
}

//! A worker: one host's scheduler, Faaslets and local tier.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use kv::Pool;
use sandbox::{Sandbox, Settings};

use super::{
    dispatcher::Dispatcher,
    programs::Programs,
    settings::WorkerSettings,
    shared::Shared,
    threads::{join, lock, spawn},
};
use crate::{
    functions::Functions,
    message::{Call, Outcome},
    results::Results,
    scheduler::{Bus, Recorder, Scheduler},
    state::LocalTier,
};

const TICK: Duration = Duration::from_millis(10);
/// Faaslets whose calls await others keep their slots, so there are more slots
/// than threads that count.
const SLOTS_PER_THREAD: u32 = 8;

/// A running worker; dropping it stops its calls and threads.
pub struct Worker {
    shared: Arc<Shared>,
    listener: Mutex<Option<JoinHandle<()>>>,
    publisher: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts a worker that keeps its state, functions and results in `global`.
    ///
    /// # Errors
    /// If the state tier does not answer, or the system has no address space
    /// for the Faaslets.
    pub fn start(settings: WorkerSettings, global: &Arc<Pool>) -> anyhow::Result<Self> {
        let recorder = settings.record.as_deref().map(Recorder::create).transpose()?;
        let scheduler = Scheduler::new(settings.host.clone(), settings.limits, settings.seed);
        let (dispatcher, memberships) =
            Dispatcher::new(scheduler, recorder, settings.threads_max, settings.bound_timeout);
        let sandbox = Sandbox::new(Settings {
            slots: settings.threads_max * SLOTS_PER_THREAD,
            memory_max_bytes: settings.memory_max_bytes,
            tick: TICK,
        })?;
        let programs = Arc::new(Programs::new(sandbox)?);
        let bus = Bus::new(settings.host.clone(), Arc::clone(global));
        // Last of what may fail: other hosts now pass calls here.
        bus.join().context("register this worker in the state tier")?;
        let shared = Arc::new(Shared {
            tier: Arc::new(LocalTier::new(Arc::clone(global))),
            results: Results::new(Arc::clone(global)),
            functions: Functions::new(Arc::clone(global)),
            programs,
            dispatcher,
            bus,
            running: Mutex::default(),
            threads: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            n_executed: AtomicU64::new(0),
            settings,
        });
        let listening = Arc::clone(&shared);
        let listener = spawn("forwarded calls", move || listening.receive_forwarded());
        let publishing = Arc::clone(&shared);
        let publisher = spawn("memberships", move || publishing.publish(&memberships));
        let [listener, publisher] = [listener, publisher].map(|thread| Mutex::new(Some(thread)));
        Ok(Self { shared, listener, publisher })
    }

    /// Starts a call, here or on another host; its outcome goes to the results.
    ///
    /// # Errors
    /// If it can be started nowhere.
    pub fn submit(&self, call: Call) -> anyhow::Result<()> {
        self.shared.place(call)
    }

    /// Runs a call, here or on another host, and waits for its end.
    ///
    /// # Errors
    /// If it can be started nowhere, or the state tier does not answer.
    pub fn invoke(&self, call: Call) -> anyhow::Result<Outcome> {
        let id = call.id;
        self.shared.place(call)?;
        self.shared.wait_for(id)
    }

    /// The results of all hosts.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.shared.results
    }

    /// The uploaded functions.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.shared.functions
    }

    /// The programs that this worker compiled.
    #[must_use]
    pub fn programs(&self) -> &Arc<Programs> {
        &self.shared.programs
    }

    /// The values that this worker holds.
    #[must_use]
    pub fn tier(&self) -> &Arc<LocalTier> {
        &self.shared.tier
    }

    /// The settings that it was started with.
    #[must_use]
    pub fn settings(&self) -> &WorkerSettings {
        &self.shared.settings
    }

    /// Fails the calls that run or wait here, takes the worker out of the state
    /// tier and ends its threads. Later calls change nothing.
    pub fn stop(&self) {
        self.shared.stop();
        // What it still publishes must not undo the leave.
        join(lock(&self.publisher).take());
        if let Some(listener) = lock(&self.listener).take() {
            self.shared.leave();
            join([listener]);
        }
        let threads = std::mem::take(&mut *lock(&self.shared.threads));
        join(threads);
    }

    /// Calls that ended here, whether they succeeded or not.
    #[must_use]
    pub fn n_executed(&self) -> u64 {
        self.shared.n_executed.load(Ordering::Relaxed)
    }

    /// Forgets local values and compiled programs.
    pub fn flush(&self) {
        self.shared.tier.clear();
        self.shared.programs.clear();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

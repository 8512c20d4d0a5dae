//! What the threads of one worker share, and how a call gets to a Faaslet.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::ensure;
use sandbox::{Limit, Stopper};

use super::{
    chained::Chained,
    dispatcher::{Dispatcher, Errand},
    faaslet,
    programs::Programs,
    settings::WorkerSettings,
    threads::{lock, pause, spawn},
};
use crate::{
    functions::Functions,
    host::Context,
    message::{Call, CallId, Function, Outcome},
    results::Results,
    scheduler::{Action, Bus, Hosts},
    state::LocalTier,
};

const RETRY_EVERY: Duration = Duration::from_millis(200);

/// What the worker's threads share.
pub(super) struct Shared {
    pub(super) settings: WorkerSettings,
    pub(super) tier: Arc<LocalTier>,
    pub(super) results: Results,
    pub(super) functions: Functions,
    pub(super) programs: Arc<Programs>,
    pub(super) dispatcher: Dispatcher,
    pub(super) bus: Bus,
    pub(super) running: Mutex<HashMap<CallId, Stopper>>,
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
    pub(super) is_stopping: AtomicBool,
    /// Calls that ended here.
    pub(super) n_executed: AtomicU64,
}

impl Shared {
    /// Asks the scheduler where a call is to run, and lets it run there.
    pub(super) fn place(self: &Arc<Self>, call: Call) -> anyhow::Result<()> {
        ensure!(!self.is_stopping(), "the worker stopped");
        let errands = self.dispatcher.arrive(call);
        self.run(errands)
    }

    pub(super) fn run(self: &Arc<Self>, errands: Vec<Errand>) -> anyhow::Result<()> {
        for errand in errands {
            match errand {
                Errand::StartThread => self.start_thread(),
                Errand::Forward { call, host } => self.bus.forward(call, &host)?,
                Errand::FindHosts { call, function } => {
                    let hosts = self.find_hosts(&function);
                    let errands = self.dispatcher.hosts_found(call, function, hosts);
                    self.run(errands)?;
                }
            }
        }
        Ok(())
    }

    /// A host that cannot read the sets runs the call itself.
    fn find_hosts(&self, function: &Function) -> Hosts {
        self.bus.hosts(function).unwrap_or_else(|error| {
            eprintln!("find a host for `{function}`: {error:#}");
            Hosts::default()
        })
    }

    fn start_thread(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let thread = spawn("faaslet", move || faaslet::serve(&shared));
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
    }

    /// Runs `call` by `run`, which may be stopped by `stopper`, with the worker's limits.
    pub(super) fn run_call(
        self: &Arc<Self>,
        call: Call,
        stopper: &Stopper,
        run: impl FnOnce(Context, Limit) -> Outcome,
    ) -> Outcome {
        let id = call.id;
        lock(&self.running).insert(id, stopper.clone());
        // In this order, `stop` either finds the stopper or is seen here.
        if self.is_stopping() {
            stopper.stop();
        }
        let chain = Arc::new(Chained(Arc::clone(self)));
        let context = Context::new(call, Arc::clone(&self.tier), chain);
        let outcome = run(context, Limit::Within(self.settings.call_limit));
        lock(&self.running).remove(&id);
        outcome
    }

    /// Takes the calls that other hosts pass here. Once the worker stops, those
    /// that came before it left fail, so that nobody waits for them.
    pub(super) fn receive_forwarded(self: &Arc<Self>) {
        loop {
            match self.bus.receive() {
                Ok(Some(call)) => self.place_forwarded(call),
                Ok(None) if self.is_stopping() => return,
                // An earlier host of this name has left it.
                Ok(None) => {}
                Err(_) if self.is_stopping() => return,
                Err(error) => {
                    eprintln!("wait for forwarded calls: {error:#}");
                    pause(RETRY_EVERY);
                }
            }
        }
    }

    fn place_forwarded(self: &Arc<Self>, call: Call) {
        let id = call.id;
        if let Err(error) = self.place(call) {
            self.results.publish_or_log(id, &Outcome::failed(format!("{error:#}")));
        }
    }

    /// Publishes changes of this host's place in the sets, in order.
    pub(super) fn publish(&self, memberships: &Receiver<Action>) {
        for change in memberships {
            if let Err(error) = self.bus.publish(&change) {
                eprintln!("publish {change:?}: {error:#}");
            }
        }
    }

    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        for call in self.dispatcher.stop() {
            self.results.publish_or_log(call.id, &Outcome::failed("the worker stopped"));
        }
        lock(&self.running).values().for_each(Stopper::stop);
    }

    pub(super) fn leave(&self) {
        if let Err(error) = self.bus.leave(&self.dispatcher.functions()) {
            eprintln!("take this worker out of the state tier: {error:#}");
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }
}

//! One host's queues and Faaslet threads, moved by the scheduler's decisions.
//!
//! Everything here happens under one lock, so that the scheduler's counts and
//! the queues never disagree. What needs the network comes back as an
//! [`Errand`], to be run without the lock.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Sender},
    },
    time::{Duration, Instant},
};

use crate::{
    message::{Call, CallId, Function},
    scheduler::{Action, Event, Hosts, Recorder, Scheduler, Step},
};

/// What a decision asks of the host beyond its queues.
#[derive(Debug)]
pub(super) enum Errand {
    /// Read which hosts there are, and report them by [`Dispatcher::hosts_found`].
    FindHosts { call: CallId, function: Function },
    /// Pass the call on.
    Forward { call: Call, host: String },
    /// Start a thread that serves Faaslets.
    StartThread,
}

/// The queues and threads of one host.
pub(super) struct Dispatcher {
    state: Mutex<State>,
    threads_max: u32,
    bound_timeout: Duration,
}

struct State {
    scheduler: Scheduler,
    recorder: Option<Recorder>,
    /// Calls that the scheduler has not placed yet.
    placing: HashMap<CallId, Call>,
    queues: HashMap<Function, Queue>,
    /// Faaslets that were decided on and wait for a thread.
    unbound: VecDeque<Function>,
    /// Threads, without those whose call awaits another.
    n_active: u32,
    /// Changes of the sets, in the order of the decisions; none once the host stops.
    memberships: Option<Sender<Action>>,
    is_stopping: bool,
}

/// The calls of one function, those with more waiting callers first: a caller
/// that waits holds a slot until its callees end, so new callers come last.
#[derive(Default)]
struct Queue {
    calls: BTreeMap<Reverse<u32>, VecDeque<Call>>,
    wake: Arc<Condvar>,
}

impl Queue {
    fn push(&mut self, call: Call) {
        self.calls.entry(Reverse(call.depth)).or_default().push_back(call);
    }

    fn pop(&mut self) -> Option<Call> {
        let mut deepest = self.calls.first_entry()?;
        let call = deepest.get_mut().pop_front();
        if deepest.get().is_empty() {
            deepest.remove();
        }
        call
    }
}

impl Dispatcher {
    /// An idle host. Changes of its place in the sets go to the returned
    /// receiver, which ends when the host stops.
    pub(super) fn new(
        scheduler: Scheduler,
        recorder: Option<Recorder>,
        threads_max: u32,
        bound_timeout: Duration,
    ) -> (Self, mpsc::Receiver<Action>) {
        let (memberships, changes) = mpsc::channel();
        let state = State {
            scheduler,
            recorder,
            placing: HashMap::new(),
            queues: HashMap::new(),
            unbound: VecDeque::new(),
            n_active: 0,
            memberships: Some(memberships),
            is_stopping: false,
        };
        (Self { state: Mutex::new(state), threads_max, bound_timeout }, changes)
    }

    /// A call came in.
    pub(super) fn arrive(&self, call: Call) -> Vec<Errand> {
        let mut state = self.state();
        let event =
            Event::Arrived { call: call.id, function: call.function.clone(), hops: call.hops };
        state.placing.insert(call.id, call);
        self.handle(&mut state, event)
    }

    /// The hosts that a call could be passed to were read.
    pub(super) fn hosts_found(
        &self,
        call: CallId,
        function: Function,
        hosts: Hosts,
    ) -> Vec<Errand> {
        let Hosts { warm, available } = hosts;
        let event = Event::HostsFound { call, function, warm, available };
        self.handle(&mut self.state(), event)
    }

    /// A call that ran here has ended.
    pub(super) fn ended(&self, function: Function) {
        self.handle(&mut self.state(), Event::Ended { function });
    }

    /// A call that runs here begins to wait; its thread does not count meanwhile.
    pub(super) fn awaiting(&self, function: Function) -> Vec<Errand> {
        let mut state = self.state();
        state.n_active -= 1;
        let mut errands = self.handle(&mut state, Event::Awaiting { function });
        errands.extend(self.start_thread_if_needed(&mut state));
        errands
    }

    /// It waits no longer.
    pub(super) fn resumed(&self, function: Function) {
        let mut state = self.state();
        state.n_active += 1;
        self.handle(&mut state, Event::Resumed { function });
    }

    /// The function that a thread is to serve next; none if the thread is to end.
    pub(super) fn next_bind(&self) -> Option<Function> {
        let mut state = self.state();
        let next = state.unbound.pop_front().filter(|_| !state.is_stopping);
        if next.is_none() {
            state.n_active -= 1;
        }
        next
    }

    /// The next call for a Faaslet of `function`; none if the Faaslet is to end,
    /// because nothing came for too long or because others wait for a thread.
    pub(super) fn next_call(&self, function: &Function) -> Option<Call> {
        let give_up_at = Instant::now() + self.bound_timeout;
        let mut state = self.state();
        loop {
            let queue = state.queues.entry(function.clone()).or_default();
            if let Some(call) = queue.pop() {
                return Some(call);
            }
            let wake = Arc::clone(&queue.wake);
            let left = give_up_at.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_stopping || !state.unbound.is_empty() {
                self.handle(&mut state, Event::Stopped { function: function.clone() });
                return None;
            }
            state = wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets idle Faaslets end and gives queued calls back, which will not run.
    pub(super) fn stop(&self) -> Vec<Call> {
        let mut state = self.state();
        state.is_stopping = true;
        state.memberships = None;
        state
            .queues
            .values_mut()
            .flat_map(|queue| {
                queue.wake.notify_all();
                std::mem::take(&mut queue.calls).into_values().flatten()
            })
            .collect()
    }

    /// The functions that this host ever had a Faaslet of.
    pub(super) fn functions(&self) -> Vec<Function> {
        self.state().queues.keys().cloned().collect()
    }

    fn handle(&self, state: &mut State, event: Event) -> Vec<Errand> {
        let actions = state.scheduler.handle(event.clone());
        if let Some(recorder) = &mut state.recorder {
            recorder.record(&Step { event, actions: actions.clone() });
        }
        actions.into_iter().filter_map(|action| self.act(state, action)).collect()
    }

    fn act(&self, state: &mut State, action: Action) -> Option<Errand> {
        match action {
            Action::FindHosts { call, function } => Some(Errand::FindHosts { call, function }),
            Action::Forward { call, host } => {
                let call = state.placing.remove(&call)?;
                Some(Errand::Forward { call, host })
            }
            Action::Execute { call } => {
                let call = state.placing.remove(&call)?;
                let queue = state.queues.entry(call.function.clone()).or_default();
                queue.push(call);
                queue.wake.notify_one();
                None
            }
            Action::StartFaaslet { function } => {
                state.unbound.push_back(function);
                self.start_thread_if_needed(state)
            }
            membership => {
                if let Some(memberships) = &state.memberships {
                    memberships.send(membership).expect("the publisher outlives the sender");
                }
                None
            }
        }
    }

    fn start_thread_if_needed(&self, state: &mut State) -> Option<Errand> {
        if state.unbound.is_empty() {
            return None;
        }
        if state.n_active < self.threads_max {
            state.n_active += 1;
            return Some(Errand::StartThread);
        }
        // An idle Faaslet of another function may give its thread up.
        state.queues.values().for_each(|queue| queue.wake.notify_one());
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

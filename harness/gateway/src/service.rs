//! One service as it runs: its scheduler, driven by requests, replicas and the
//! clock.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval},
};

use crate::{
    Replicas, ServiceConfig,
    core::{Action, Census, Event, Rejection, ReplicaId, RequestId, Scheduler},
    record::{Decision, Observer},
    replicas::Started,
    ticket::Ticket,
};

/// How often the number of replicas is reconsidered at most.
const TICK: Duration = Duration::from_secs(1);

/// A service behind the gateway.
pub(crate) struct Service {
    host: String,
    n_fewest: usize,
    replicas: Arc<dyn Replicas>,
    observer: Arc<dyn Observer>,
    started: Instant,
    // Tickets may be dropped outside of the runtime, and then start replicas.
    runtime: Handle,
    census: watch::Sender<Census>,
    state: Mutex<State>,
}

struct State {
    scheduler: Scheduler,
    n_requests: u64,
    waiting: HashMap<RequestId, oneshot::Sender<Verdict>>,
    replicas: HashMap<ReplicaId, Replica>,
    stops: JoinSet<()>,
    last_failure: Option<String>,
    closed: bool,
}

/// A replica that was started and not yet stopped.
struct Replica {
    /// Starts it, and then waits for its end.
    task: JoinHandle<()>,
    /// Known once it takes requests.
    address: Option<SocketAddr>,
}

/// What became of a request that came in.
pub(crate) enum Verdict {
    Assigned(Assignment),
    Rejected(Rejection),
}

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assignment {
    pub(crate) replica: ReplicaId,
    pub(crate) address: SocketAddr,
    pub(crate) cold: bool,
}

impl Service {
    /// Starts the service; its first replicas are on their way.
    pub(crate) fn start(
        config: ServiceConfig,
        observer: Arc<dyn Observer>,
        started: Instant,
    ) -> Arc<Self> {
        let ServiceConfig { host, scaling, replicas } = config;
        let period = TICK.min(scaling.stable_window / 4).max(Duration::from_millis(1));
        let service = Arc::new(Self {
            host: host.to_ascii_lowercase(),
            n_fewest: scaling.min_replicas as usize,
            replicas,
            observer,
            started,
            runtime: Handle::current(),
            census: watch::Sender::default(),
            state: Mutex::new(State {
                scheduler: Scheduler::new(scaling),
                n_requests: 0,
                waiting: HashMap::new(),
                replicas: HashMap::new(),
                stops: JoinSet::new(),
                last_failure: None,
                closed: false,
            }),
        });
        tokio::spawn(tick(Arc::downgrade(&service), period));
        service
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The fewest replicas that it has.
    pub(crate) fn n_fewest(&self) -> usize {
        self.n_fewest
    }

    /// How many requests and replicas there are, now and whenever it changes.
    pub(crate) fn census(&self) -> watch::Receiver<Census> {
        self.census.subscribe()
    }

    /// Where the replicas are that take requests.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.lock().replicas.values().filter_map(|replica| replica.address).collect()
    }

    /// Why a replica could not be started, or was lost, last.
    pub(crate) fn last_failure(&self) -> Option<String> {
        self.lock().last_failure.clone()
    }

    /// Lets a request in; the verdict comes when there is a place for it.
    pub(crate) fn enter(self: &Arc<Self>) -> (Ticket, oneshot::Receiver<Verdict>) {
        let (sender, verdict) = oneshot::channel();
        let mut state = self.lock();
        let request = state.n_requests;
        state.n_requests += 1;
        let arrived_us = self.now_us();
        if !state.closed {
            state.waiting.insert(request, sender);
            self.step(&mut state, Event::Arrived { request });
        }
        (Ticket::new(Arc::clone(self), request, arrived_us), verdict)
    }

    /// Tells the scheduler what happened, and does what it decides.
    pub(crate) fn feed(self: &Arc<Self>, event: Event) {
        self.step(&mut self.lock(), event);
    }

    /// Takes a request back that its replica could not be given: that replica
    /// is lost, and the request waits for another in its old turn.
    pub(crate) fn put_back(
        self: &Arc<Self>,
        ticket: &Ticket,
        replica: ReplicaId,
        why: String,
    ) -> oneshot::Receiver<Verdict> {
        let (sender, verdict) = oneshot::channel();
        let request = ticket.request();
        self.give_up(replica, Event::Lost { replica }, why);
        let mut state = self.lock();
        if !state.closed {
            state.waiting.insert(request, sender);
            self.step(&mut state, Event::Returned { request });
        }
        verdict
    }

    /// Lets a request go, whether it waits, runs or has been refused.
    pub(crate) fn leave(self: &Arc<Self>, request: RequestId) {
        let mut state = self.lock();
        state.waiting.remove(&request);
        self.step(&mut state, Event::Left { request });
    }

    /// Who is told of requests and decisions.
    pub(crate) fn observer(&self) -> &dyn Observer {
        &*self.observer
    }

    /// Microseconds since the gateway started.
    pub(crate) fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Stops every replica, and answers when they are gone.
    pub(crate) async fn stop(&self) {
        let mut stops = {
            let mut state = self.lock();
            state.closed = true;
            // Who waits is told by the end of its channel.
            state.waiting.clear();
            for (id, replica) in std::mem::take(&mut state.replicas) {
                self.stop_replica(&mut state, id, replica);
            }
            std::mem::take(&mut state.stops)
        };
        while stops.join_next().await.is_some() {}
    }

    fn step(self: &Arc<Self>, state: &mut State, event: Event) {
        if state.closed {
            return;
        }
        let now_us = self.now_us();
        let actions = state.scheduler.handle(now_us, event);
        for action in &actions {
            self.act(state, *action);
        }
        let service = self.host.clone();
        self.observer.decision(&Decision { service, now_us, event, actions });
        self.census.send_replace(state.scheduler.census());
    }

    fn act(self: &Arc<Self>, state: &mut State, action: Action) {
        match action {
            Action::Dispatch { request, replica, cold } => {
                let address = state.replicas.get(&replica).and_then(|replica| replica.address);
                let address = address.expect("only a replica that is ready takes requests");
                let assignment = Assignment { replica, address, cold };
                state.tell(request, Verdict::Assigned(assignment));
            }
            Action::Reject { request, reason } => state.tell(request, Verdict::Rejected(reason)),
            Action::Start { replica } => {
                let start =
                    start_replica(Arc::downgrade(self), Arc::clone(&self.replicas), replica);
                let task = self.runtime.spawn(start);
                state.replicas.insert(replica, Replica { task, address: None });
            }
            Action::Stop { replica: id } => {
                if let Some(replica) = state.replicas.remove(&id) {
                    self.stop_replica(state, id, replica);
                }
            }
        }
    }

    fn stop_replica(&self, state: &mut State, id: ReplicaId, replica: Replica) {
        replica.task.abort();
        let source = Arc::clone(&self.replicas);
        let stop = async move {
            // A start that goes on could otherwise outlive its stop.
            let _cancelled = replica.task.await;
            source.stop(id).await;
        };
        // Stops that are over are taken out, or the set would only grow.
        while state.stops.try_join_next().is_some() {}
        state.stops.spawn_on(stop, &self.runtime);
    }

    fn take_in(self: &Arc<Self>, id: ReplicaId, address: SocketAddr) {
        let mut state = self.lock();
        // It may have been given up while it started.
        if let Some(replica) = state.replicas.get_mut(&id) {
            replica.address = Some(address);
            self.step(&mut state, Event::Ready { replica: id });
        }
    }

    fn give_up(self: &Arc<Self>, replica: ReplicaId, event: Event, why: String) {
        let mut state = self.lock();
        if state.closed || !state.replicas.contains_key(&replica) {
            return;
        }
        eprintln!("service `{}`: {why}", self.host);
        state.last_failure = Some(why);
        self.step(&mut state, event);
        if matches!(event, Event::StartFailed { .. }) {
            state.replicas.remove(&replica);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&mut self, request: RequestId, verdict: Verdict) {
        if let Some(sender) = self.waiting.remove(&request) {
            // A client that has just gone drops its ticket, which frees the
            // place that it gets here.
            let _told = sender.send(verdict);
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        for replica in self.replicas.values() {
            replica.task.abort();
        }
    }
}

/// Starts a replica and waits for its end. It holds the service only for
/// moments, so that a service that nobody holds goes.
async fn start_replica(service: Weak<Service>, source: Arc<dyn Replicas>, replica: ReplicaId) {
    match source.start(replica).await {
        Ok(Started { address, lost }) => {
            if let Some(service) = service.upgrade() {
                service.take_in(replica, address);
            }
            let why = format!("replica {replica} at {address}: {}", lost.await);
            if let Some(service) = service.upgrade() {
                service.give_up(replica, Event::Lost { replica }, why);
            }
        }
        Err(error) => {
            source.stop(replica).await;
            if let Some(service) = service.upgrade() {
                service.give_up(replica, Event::StartFailed { replica }, format!("{error:#}"));
            }
        }
    }
}

/// Lets the scheduler reconsider from time to time, as long as the service is
/// there.
async fn tick(service: Weak<Service>, period: Duration) {
    let mut turn = interval(period);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        match service.upgrade() {
            Some(service) => service.feed(Event::Tick),
            None => return,
        }
    }
}

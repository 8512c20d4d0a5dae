//! The scheduler of one service: which replica takes which request, and how
//! many replicas there are.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use super::{
    event::{Action, Event, Rejection, ReplicaId, RequestId},
    load::SlidingAverage,
    pool::{Free, PhaseCounts, Pool},
};
use crate::Scaling;

/// The state machine of one service. Times are microseconds since the gateway
/// started.
///
/// Requests wait in the order of their arrival. A request goes to the ready
/// replica with the fewest requests, and among equals to the one that has
/// waited longest for one. The number of replicas follows, at each tick, the
/// average number of requests over the stable window; only the first replica
/// of an idle service is started at once.
#[derive(Debug, Clone)]
pub struct Scheduler {
    scaling: Scaling,
    pool: Pool,
    // Ordered by arrival, because requests are numbered by it.
    queue: BTreeSet<RequestId>,
    // Of all requests that are queued or running.
    arrived_us: HashMap<RequestId, u64>,
    running: HashMap<RequestId, ReplicaId>,
    load: SlidingAverage,
    now_us: u64,
}

/// How many requests and replicas there are, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Requests that wait for a replica.
    pub n_queued: usize,
    /// Requests that a replica has.
    pub n_running: usize,
    /// Replicas that are being started.
    pub n_starting: usize,
    /// Replicas that take requests.
    pub n_ready: usize,
    /// Replicas that finish what they have.
    pub n_draining: usize,
}

impl Scheduler {
    /// A service without replicas; the first tick starts the fewest it has.
    #[must_use]
    pub fn new(scaling: Scaling) -> Self {
        Self {
            load: SlidingAverage::new(scaling.stable_window),
            scaling,
            pool: Pool::default(),
            queue: BTreeSet::new(),
            arrived_us: HashMap::new(),
            running: HashMap::new(),
            now_us: 0,
        }
    }

    /// Takes note of `event` and says what to do, in this order.
    pub fn handle(&mut self, now_us: u64, event: Event) -> Vec<Action> {
        self.load.advance(now_us, self.queue.len() + self.running.len());
        self.now_us = self.now_us.max(now_us);
        let mut actions = Vec::new();
        match event {
            Event::Arrived { request } => self.arrived(request, &mut actions),
            Event::Left { request } => self.left(request, &mut actions),
            Event::Returned { request } => self.returned(request, &mut actions),
            Event::Ready { replica } => self.pool.set_ready(replica, self.now_us),
            Event::StartFailed { replica } => self.start_failed(replica, &mut actions),
            Event::Lost { replica } => self.stop(replica, &mut actions),
            Event::Tick => self.scale(&mut actions),
        }
        self.dispatch_all(&mut actions);
        self.start_from_zero(&mut actions);
        actions
    }

    /// How many requests and replicas there are.
    #[must_use]
    pub fn census(&self) -> Census {
        let PhaseCounts { n_starting, n_ready, n_draining } = self.pool.phases();
        let (n_queued, n_running) = (self.queue.len(), self.running.len());
        Census { n_queued, n_running, n_starting, n_ready, n_draining }
    }

    fn arrived(&mut self, request: RequestId, actions: &mut Vec<Action>) {
        if self.queue.len() >= self.scaling.max_queued && self.next_replica().is_none() {
            actions.push(Action::Reject { request, reason: Rejection::QueueFull });
            return;
        }
        self.arrived_us.insert(request, self.now_us);
        self.queue.insert(request);
    }

    fn left(&mut self, request: RequestId, actions: &mut Vec<Action>) {
        self.arrived_us.remove(&request);
        self.queue.remove(&request);
        self.leave_replica(request, actions);
    }

    /// Puts a request back to where its arrival places it in the queue.
    fn returned(&mut self, request: RequestId, actions: &mut Vec<Action>) {
        if self.leave_replica(request, actions) {
            self.queue.insert(request);
        }
    }

    /// Takes a request from the replica that has it, if one has.
    fn leave_replica(&mut self, request: RequestId, actions: &mut Vec<Action>) -> bool {
        let Some(replica) = self.running.remove(&request) else { return false };
        if self.pool.release(replica) {
            self.stop(replica, actions);
        }
        true
    }

    fn start_failed(&mut self, replica: ReplicaId, actions: &mut Vec<Action>) {
        if !self.pool.remove(replica) || self.pool.n_alive() > 0 {
            return;
        }
        // Whoever waits would wait for a start that has just failed. The next
        // request, or the next tick, tries again.
        for request in std::mem::take(&mut self.queue) {
            self.arrived_us.remove(&request);
            actions.push(Action::Reject { request, reason: Rejection::NoReplica });
        }
    }

    /// Moves the number of replicas to what the average load asks for.
    fn scale(&mut self, actions: &mut Vec<Action>) {
        let desired = self.desired();
        while self.pool.n_alive() < desired && self.add_one(actions) {}
        while self.pool.n_alive() > desired {
            self.remove_one(actions);
        }
    }

    fn desired(&self) -> usize {
        let Scaling { min_replicas, max_replicas, target_concurrency, .. } = self.scaling;
        // A hair less, so that a rounding error starts no replica.
        let wanted = (self.load.average() / target_concurrency - 1e-9).ceil();
        // Conversion saturates, and the clamp bounds the rest.
        (wanted as usize).clamp(min_replicas as usize, max_replicas as usize)
    }

    fn start_from_zero(&mut self, actions: &mut Vec<Action>) {
        if !self.queue.is_empty() && self.pool.n_alive() == 0 {
            self.add_one(actions);
        }
    }

    /// Adds a replica, if there may be one more.
    fn add_one(&mut self, actions: &mut Vec<Action>) -> bool {
        // One that was about to stop is as good as a new one, and sooner there.
        if self.pool.take_back() {
            return true;
        }
        if self.pool.len() >= self.scaling.max_replicas as usize {
            return false;
        }
        actions.push(Action::Start { replica: self.pool.start() });
        true
    }

    fn remove_one(&mut self, actions: &mut Vec<Action>) {
        if let Some(replica) = self.pool.least_missed()
            && !self.pool.drain(replica)
        {
            self.stop(replica, actions);
        }
    }

    /// Stops a replica, unless it is gone already.
    fn stop(&mut self, replica: ReplicaId, actions: &mut Vec<Action>) {
        if self.pool.remove(replica) {
            actions.push(Action::Stop { replica });
        }
    }

    fn dispatch_all(&mut self, actions: &mut Vec<Action>) {
        while let Some(&request) = self.queue.first() {
            let Some(Free { id: replica, ready_since_us }) = self.next_replica() else { return };
            self.queue.remove(&request);
            self.running.insert(request, replica);
            self.pool.assign(replica);
            let cold = self.arrived_us.get(&request).is_some_and(|at_us| *at_us < ready_since_us);
            actions.push(Action::Dispatch { request, replica, cold });
        }
    }

    fn next_replica(&self) -> Option<Free> {
        self.pool.next(self.scaling.concurrency_limit)
    }
}

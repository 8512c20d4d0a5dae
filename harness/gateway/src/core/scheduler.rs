//! The scheduler of one service: which replica takes which request, and how
//! many replicas there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    event::{Action, Event, Rejection, ReplicaId, RequestId},
    load::SlidingAverage,
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
    replicas: BTreeMap<ReplicaId, Replica>,
    // Ordered by arrival, because requests are numbered by it.
    queue: BTreeSet<RequestId>,
    // Of all requests that are queued or running.
    arrived_us: HashMap<RequestId, u64>,
    running: HashMap<RequestId, ReplicaId>,
    load: SlidingAverage,
    n_replicas_ever: u64,
    n_dispatched: u64,
    now_us: u64,
}

#[derive(Debug, Clone)]
struct Replica {
    phase: Phase,
    n_running: u32,
    /// The number of the dispatch that it got last.
    last_dispatch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready {
        since_us: u64,
    },
    /// It finishes what it has and then stops.
    Draining {
        since_us: u64,
    },
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
            replicas: BTreeMap::new(),
            queue: BTreeSet::new(),
            arrived_us: HashMap::new(),
            running: HashMap::new(),
            n_replicas_ever: 0,
            n_dispatched: 0,
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
            Event::Ready { replica } => self.ready(replica),
            Event::StartFailed { replica } => self.start_failed(replica, &mut actions),
            Event::Lost { replica } => self.lost(replica, &mut actions),
            Event::Tick => self.scale(&mut actions),
        }
        self.dispatch_all(&mut actions);
        self.start_from_zero(&mut actions);
        actions
    }

    /// How many requests and replicas there are.
    #[must_use]
    pub fn census(&self) -> Census {
        let count = |is: fn(&Phase) -> bool| {
            self.replicas.values().filter(|replica| is(&replica.phase)).count()
        };
        Census {
            n_queued: self.queue.len(),
            n_running: self.running.len(),
            n_starting: count(|phase| matches!(phase, Phase::Starting)),
            n_ready: count(|phase| matches!(phase, Phase::Ready { .. })),
            n_draining: count(|phase| matches!(phase, Phase::Draining { .. })),
        }
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
        let Some(id) = self.running.remove(&request) else { return false };
        // The replica may have been lost meanwhile.
        if let Some(replica) = self.replicas.get_mut(&id) {
            replica.n_running -= 1;
            if matches!(replica.phase, Phase::Draining { .. }) && replica.n_running == 0 {
                self.stop(id, actions);
            }
        }
        true
    }

    fn ready(&mut self, id: ReplicaId) {
        // A replica that was given up while it started is no longer known.
        if let Some(replica) = self.replicas.get_mut(&id)
            && replica.phase == Phase::Starting
        {
            replica.phase = Phase::Ready { since_us: self.now_us };
        }
    }

    fn start_failed(&mut self, id: ReplicaId, actions: &mut Vec<Action>) {
        if self.replicas.remove(&id).is_none() || self.n_alive() > 0 {
            return;
        }
        // Whoever waits would wait for a start that has just failed. The next
        // request, or the next tick, tries again.
        for request in std::mem::take(&mut self.queue) {
            self.arrived_us.remove(&request);
            actions.push(Action::Reject { request, reason: Rejection::NoReplica });
        }
    }

    fn lost(&mut self, id: ReplicaId, actions: &mut Vec<Action>) {
        if self.replicas.contains_key(&id) {
            self.stop(id, actions);
        }
    }

    /// Moves the number of replicas to what the average load asks for.
    fn scale(&mut self, actions: &mut Vec<Action>) {
        let desired = self.desired();
        while self.n_alive() < desired && self.add_one(actions) {}
        while self.n_alive() > desired {
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
        if !self.queue.is_empty() && self.n_alive() == 0 {
            self.add_one(actions);
        }
    }

    /// Adds a replica, if there may be one more.
    fn add_one(&mut self, actions: &mut Vec<Action>) -> bool {
        // One that was about to stop is as good as a new one, and sooner there.
        for replica in self.replicas.values_mut() {
            if let Phase::Draining { since_us } = replica.phase {
                replica.phase = Phase::Ready { since_us };
                return true;
            }
        }
        if self.replicas.len() >= self.scaling.max_replicas as usize {
            return false;
        }
        let id = self.n_replicas_ever;
        self.n_replicas_ever += 1;
        let replica = Replica { phase: Phase::Starting, n_running: 0, last_dispatch: 0 };
        self.replicas.insert(id, replica);
        actions.push(Action::Start { replica: id });
        true
    }

    /// Takes away the replica that is missed least: one that is not there yet,
    /// else one with the fewest requests, else the newest.
    fn remove_one(&mut self, actions: &mut Vec<Action>) {
        let alive = self.replicas.iter().filter(|(_, replica)| replica.is_alive());
        let least = alive.min_by_key(|(id, replica)| {
            (replica.phase != Phase::Starting, replica.n_running, std::cmp::Reverse(**id))
        });
        let Some((&id, replica)) = least else { return };
        match replica.phase {
            Phase::Ready { since_us } if replica.n_running > 0 => {
                let replica = self.replicas.get_mut(&id).expect("it was found above");
                replica.phase = Phase::Draining { since_us };
            }
            _ => self.stop(id, actions),
        }
    }

    fn stop(&mut self, id: ReplicaId, actions: &mut Vec<Action>) {
        self.replicas.remove(&id);
        actions.push(Action::Stop { replica: id });
    }

    fn dispatch_all(&mut self, actions: &mut Vec<Action>) {
        while let Some(&request) = self.queue.first() {
            let Some((id, ready_since_us)) = self.next_replica() else { return };
            self.queue.remove(&request);
            self.running.insert(request, id);
            self.n_dispatched += 1;
            let replica = self.replicas.get_mut(&id).expect("it was found above");
            replica.n_running += 1;
            replica.last_dispatch = self.n_dispatched;
            let cold = self.arrived_us.get(&request).is_some_and(|at_us| *at_us < ready_since_us);
            actions.push(Action::Dispatch { request, replica: id, cold });
        }
    }

    /// The replica that takes the next request, and since when it is ready.
    fn next_replica(&self) -> Option<(ReplicaId, u64)> {
        let has_room = |replica: &Replica| match self.scaling.concurrency_limit {
            0 => true,
            limit => replica.n_running < limit,
        };
        self.replicas
            .iter()
            .filter(|(_, replica)| has_room(replica))
            .filter_map(|(id, replica)| match replica.phase {
                Phase::Ready { since_us } => Some((replica, *id, since_us)),
                _ => None,
            })
            .min_by_key(|(replica, id, _)| (replica.n_running, replica.last_dispatch, *id))
            .map(|(_, id, since_us)| (id, since_us))
    }

    fn n_alive(&self) -> usize {
        self.replicas.values().filter(|replica| replica.is_alive()).count()
    }
}

impl Replica {
    /// Whether it takes requests, or will.
    fn is_alive(&self) -> bool {
        !matches!(self.phase, Phase::Draining { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{Dispatch, Reject, Start, Stop};

    const SECOND_US: u64 = 1_000_000;

    /// A scheduler and its clock, in seconds.
    struct Service {
        scheduler: Scheduler,
        now_s: u64,
    }

    impl Service {
        fn new(scaling: Scaling) -> Self {
            Self { scheduler: Scheduler::new(scaling), now_s: 0 }
        }

        /// A service whose replicas 0 to `n` are ready after one second.
        fn with_ready(n: u32, concurrency_limit: u32) -> Self {
            let mut service = Self::new(Scaling::new(n, n, concurrency_limit));
            service.handle(Event::Tick);
            service.at(1);
            for replica in 0..u64::from(n) {
                service.handle(Event::Ready { replica });
            }
            service.at(2);
            service
        }

        fn at(&mut self, now_s: u64) {
            self.now_s = now_s;
        }

        fn handle(&mut self, event: Event) -> Vec<Action> {
            self.scheduler.handle(self.now_s * SECOND_US, event)
        }

        fn arrive(&mut self, request: RequestId) -> Vec<Action> {
            self.handle(Event::Arrived { request })
        }

        fn leave(&mut self, request: RequestId) -> Vec<Action> {
            self.handle(Event::Left { request })
        }

        fn ready(&mut self, replica: ReplicaId) -> Vec<Action> {
            self.handle(Event::Ready { replica })
        }

        fn tick_at(&mut self, now_s: u64) -> Vec<Action> {
            self.at(now_s);
            self.handle(Event::Tick)
        }
    }

    fn warm(request: RequestId, replica: ReplicaId) -> Action {
        Dispatch { request, replica, cold: false }
    }

    fn cold(request: RequestId, replica: ReplicaId) -> Action {
        Dispatch { request, replica, cold: true }
    }

    #[test]
    fn the_first_tick_starts_the_fewest_replicas() {
        let mut service = Service::new(Scaling::new(2, 5, 1));
        assert_eq!(service.handle(Event::Tick), [Start { replica: 0 }, Start { replica: 1 }]);
        assert_eq!(service.handle(Event::Tick), []);
    }

    #[test]
    fn a_request_at_zero_replicas_starts_one_and_waits() {
        let mut service = Service::new(Scaling::new(0, 5, 1));
        assert_eq!(service.tick_at(1), []);
        assert_eq!(service.arrive(0), [Start { replica: 0 }]);
        assert_eq!(service.arrive(1), []);
        service.at(2);
        assert_eq!(service.ready(0), [cold(0, 0)]);
        assert_eq!(service.leave(0), [cold(1, 0)]);
        assert_eq!(service.arrive(2), []);
        assert_eq!(service.leave(1), [warm(2, 0)]);
    }

    #[test]
    fn a_replica_takes_no_more_than_its_limit() {
        let mut service = Service::with_ready(1, 2);
        assert_eq!(service.arrive(0), [warm(0, 0)]);
        assert_eq!(service.arrive(1), [warm(1, 0)]);
        assert_eq!(service.arrive(2), []);
        assert_eq!(service.leave(0), [warm(2, 0)]);
    }

    #[test]
    fn without_a_limit_a_replica_takes_everything() {
        let mut service = Service::with_ready(1, 0);
        for request in 0..1_000 {
            assert_eq!(service.arrive(request), [warm(request, 0)]);
        }
    }

    #[test]
    fn requests_wait_in_the_order_of_their_arrival() {
        let mut service = Service::with_ready(1, 1);
        service.arrive(0);
        for request in 1..5 {
            assert_eq!(service.arrive(request), []);
        }
        for request in 1..5 {
            assert_eq!(service.leave(request - 1), [warm(request, 0)]);
        }
    }

    #[test]
    fn a_request_goes_to_the_replica_with_the_fewest() {
        let mut service = Service::with_ready(3, 0);
        for (request, replica) in [(0, 0), (1, 1), (2, 2), (3, 0)] {
            assert_eq!(service.arrive(request), [warm(request, replica)]);
        }
        service.leave(1);
        assert_eq!(service.arrive(4), [warm(4, 1)]);
    }

    #[test]
    fn equal_replicas_take_turns() {
        let mut service = Service::with_ready(3, 1);
        for request in 0..9 {
            assert_eq!(service.arrive(request), [warm(request, request % 3)]);
            service.leave(request);
        }
    }

    #[test]
    fn a_client_that_leaves_the_queue_is_skipped() {
        let mut service = Service::with_ready(1, 1);
        service.arrive(0);
        service.arrive(1);
        service.arrive(2);
        assert_eq!(service.leave(1), []);
        assert_eq!(service.leave(0), [warm(2, 0)]);
    }

    #[test]
    fn who_leaves_twice_or_was_never_there_changes_nothing() {
        let mut service = Service::with_ready(1, 1);
        service.arrive(0);
        service.leave(0);
        assert_eq!(service.leave(0), []);
        assert_eq!(service.leave(77), []);
        assert_eq!(service.arrive(1), [warm(1, 0)]);
    }

    #[test]
    fn a_full_queue_rejects() {
        let mut service = Service::new(Scaling { max_queued: 1, ..Scaling::new(0, 1, 1) });
        assert_eq!(service.arrive(0), [Start { replica: 0 }]);
        assert_eq!(service.arrive(1), [Reject { request: 1, reason: Rejection::QueueFull }]);
        assert_eq!(service.ready(0), [warm(0, 0)]);
        assert_eq!(service.arrive(2), []);
    }

    #[test]
    fn the_number_of_replicas_follows_the_average_load() {
        let mut service = Service::with_ready(1, 1);
        service.scheduler.scaling.max_replicas = 10;
        for request in 0..4 {
            service.arrive(request);
        }
        // From second 2 on there are four requests, so the average over the
        // life of the service rises towards four.
        assert_eq!(service.tick_at(3), [Start { replica: 1 }]);
        assert_eq!(service.tick_at(4), []);
        assert_eq!(service.tick_at(7), [Start { replica: 2 }]);
        assert_eq!(service.tick_at(30), [Start { replica: 3 }]);
        assert_eq!(service.tick_at(60), []);
    }

    #[test]
    fn there_are_never_more_replicas_than_the_most() {
        let mut service = Service::with_ready(1, 1);
        service.scheduler.scaling.max_replicas = 2;
        for request in 0..50 {
            service.arrive(request);
        }
        assert_eq!(service.tick_at(30), [Start { replica: 1 }]);
        assert_eq!(service.tick_at(60), []);
    }

    #[test]
    fn an_idle_service_goes_to_zero_after_the_window() {
        let mut service = Service::new(Scaling::new(0, 3, 1));
        service.arrive(0);
        service.at(1);
        service.ready(0);
        service.at(2);
        service.leave(0);
        assert_eq!(service.tick_at(21), []);
        assert_eq!(service.tick_at(23), [Stop { replica: 0 }]);
        service.at(24);
        assert_eq!(service.arrive(1), [Start { replica: 1 }]);
    }

    #[test]
    fn an_idle_service_keeps_its_fewest_replicas() {
        let mut service = Service::with_ready(2, 1);
        service.scheduler.scaling.min_replicas = 1;
        assert_eq!(service.tick_at(100), [Stop { replica: 1 }]);
        assert_eq!(service.tick_at(200), []);
    }

    #[test]
    fn a_replica_with_requests_finishes_them_before_it_stops() {
        let mut service = Service::with_ready(2, 0);
        service.arrive(0);
        service.arrive(1);
        service.scheduler.scaling.min_replicas = 1;
        assert_eq!(service.tick_at(100), []);
        assert_eq!(service.scheduler.census().n_draining, 1);
        assert_eq!(service.arrive(2), [warm(2, 0)]);
        assert_eq!(service.leave(1), [Stop { replica: 1 }]);
    }

    #[test]
    fn a_draining_replica_is_taken_back_before_another_is_started() {
        let mut service = Service::with_ready(2, 0);
        service.arrive(0);
        service.arrive(1);
        service.scheduler.scaling.min_replicas = 1;
        service.tick_at(100);
        service.scheduler.scaling.min_replicas = 2;
        assert_eq!(service.tick_at(101), []);
        assert_eq!(service.scheduler.census().n_ready, 2);
        assert_eq!(service.leave(1), []);
    }

    #[test]
    fn a_replica_that_is_still_starting_is_the_first_to_go() {
        let mut service = Service::with_ready(1, 1);
        service.scheduler.scaling.max_replicas = 2;
        for request in 0..5 {
            service.arrive(request);
        }
        assert_eq!(service.tick_at(10), [Start { replica: 1 }]);
        for request in 0..5 {
            service.leave(request);
        }
        assert_eq!(service.tick_at(100), [Stop { replica: 1 }]);
        // It became ready in the same moment; nobody counts on it any more.
        assert_eq!(service.ready(1), []);
        assert_eq!(service.scheduler.census().n_ready, 1);
    }

    #[test]
    fn who_waits_for_the_only_start_is_told_when_it_fails() {
        let mut service = Service::new(Scaling::new(0, 3, 1));
        service.arrive(0);
        service.arrive(1);
        let reason = Rejection::NoReplica;
        assert_eq!(
            service.handle(Event::StartFailed { replica: 0 }),
            [Reject { request: 0, reason }, Reject { request: 1, reason }]
        );
        assert_eq!(service.arrive(2), [Start { replica: 1 }]);
    }

    #[test]
    fn a_failed_start_is_tried_again_at_the_next_tick() {
        let mut service = Service::with_ready(1, 1);
        service.scheduler.scaling = Scaling::new(2, 2, 1);
        assert_eq!(service.tick_at(3), [Start { replica: 1 }]);
        service.arrive(0);
        service.arrive(1);
        assert_eq!(service.handle(Event::StartFailed { replica: 1 }), []);
        assert_eq!(service.tick_at(4), [Start { replica: 2 }]);
    }

    #[test]
    fn a_lost_replica_is_replaced_and_gets_no_more_requests() {
        let mut service = Service::with_ready(2, 1);
        service.arrive(0);
        service.arrive(1);
        service.arrive(2);
        assert_eq!(service.handle(Event::Lost { replica: 0 }), [Stop { replica: 0 }]);
        assert_eq!(service.leave(0), []);
        assert_eq!(service.handle(Event::Lost { replica: 0 }), []);
        assert_eq!(service.tick_at(3), [Start { replica: 2 }]);
        assert_eq!(service.leave(1), [warm(2, 1)]);
    }

    #[test]
    fn a_request_that_was_not_handed_over_waits_again_in_its_turn() {
        let mut service = Service::with_ready(2, 1);
        service.arrive(0);
        service.arrive(1);
        service.arrive(2);
        service.handle(Event::Lost { replica: 0 });
        assert_eq!(service.handle(Event::Returned { request: 0 }), []);
        assert_eq!(service.leave(1), [warm(0, 1)]);
        assert_eq!(service.leave(0), [warm(2, 1)]);
        assert_eq!(service.handle(Event::Returned { request: 0 }), []);
    }

    #[test]
    fn when_the_last_replica_is_lost_who_waits_gets_a_new_one() {
        let mut service = Service::with_ready(1, 1);
        service.arrive(0);
        service.arrive(1);
        assert_eq!(
            service.handle(Event::Lost { replica: 0 }),
            [Stop { replica: 0 }, Start { replica: 1 }]
        );
        assert_eq!(service.ready(1), [warm(1, 1)]);
    }
}

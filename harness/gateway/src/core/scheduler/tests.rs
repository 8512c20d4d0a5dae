//! What one service decides, told event by event.

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

//! Users who each ask one model, at their own pace.

use sim::EventQueue;

use super::{
    Arrival, Instances, Steps, Workload,
    pace::{ClosedBursts, ClosedLoop, Open},
    poisson::{Constant, Poisson},
};
use crate::{
    message::{ModelId, Request, Response},
    random::Random,
    time::Nanos,
};

/// Users, numbered from 0, who each ask one model, or several in turn: in closed
/// loops, or without waiting for answers. Where the original gives several of them one
/// number, here each has its own.
#[derive(Debug)]
pub struct Population {
    instances: Instances,
    users: Vec<User>,
    /// Who asks next, and when.
    queue: EventQueue<u32>,
    n_sent: u64,
    /// The objectives of those who have not their own; the population goes when they end.
    slo: Option<Steps>,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) asks: Asked,
    pub(super) pace: Pace,
    pub(super) slo: Slo,
}

/// Which models a user asks: some that have consecutive numbers, in turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    first: u32,
    n_models: u32,
    nth: u32,
}

/// A user's objectives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slo {
    /// Those of the population.
    Common,
    /// Always this multiple of the model's execution time; 0 is the controller's default.
    Always(f32),
    /// Its own, which never end.
    Steps(Steps),
}

/// When a user asks.
#[derive(Debug)]
pub(super) enum Pace {
    /// Whatever the answers are.
    Open(Box<dyn Open>),
    /// So many requests at once, each again when it is answered.
    Closed(ClosedLoop),
    /// The same, with pauses.
    Bursty(ClosedBursts),
}

impl Asked {
    /// One model.
    pub(super) fn one(model: ModelId) -> Asked {
        Asked { first: model.0, n_models: 1, nth: 0 }
    }

    /// So many, at least one, from the given one on.
    pub(super) fn in_turn(first: u32, n_models: u32) -> Asked {
        Asked { first, n_models, nth: 0 }
    }

    fn next(&mut self) -> ModelId {
        let model = ModelId(self.first + self.nth);
        self.nth = (self.nth + 1) % self.n_models;
        model
    }
}

impl Slo {
    fn factor(&self, at: Nanos, common: f32) -> f32 {
        match self {
            Self::Common => common,
            Self::Always(factor) => *factor,
            Self::Steps(steps) => steps.at(at).unwrap_or(steps.end) as f32,
        }
    }
}

impl Pace {
    /// Of its own accord, whatever the answers are.
    pub(super) fn open(open: impl Open + 'static) -> Pace {
        Pace::Open(Box::new(open))
    }

    /// How many requests it begins with, and when.
    fn begins(&self) -> (u32, Option<Nanos>) {
        match self {
            Self::Open(open) => (1, open.next_at()),
            Self::Closed(user) => (user.concurrency, Some(user.starts_at)),
            Self::Bursty(user) => (user.concurrency, Some(0)),
        }
    }

    /// When it asks next of its own accord, now that it has asked.
    fn next_after_asking(&mut self) -> Option<Nanos> {
        let Self::Open(open) = self else { return None };
        open.advance();
        open.next_at()
    }

    /// How many requests an answer causes, and when.
    fn answered(&mut self, now: Nanos) -> (u32, Nanos) {
        match self {
            Self::Open(_) => (0, now),
            Self::Closed(user) => (u32::from(user.asks_again()), now),
            Self::Bursty(user) => user.answered(now),
        }
    }
}

impl Population {
    pub(super) fn new(instances: Instances, users: Vec<User>, slo: Option<Steps>) -> Population {
        let mut queue = EventQueue::new();
        for (index, user) in (0..).zip(&users) {
            let (n_requests, at) = user.pace.begins();
            at.into_iter().for_each(|at| (0..n_requests).for_each(|_| queue.at(at, index)));
        }
        Population { instances, users, queue, n_sent: 0, slo }
    }

    /// The objective at a time; nothing once the population is gone.
    fn slo_factor(&self, at: Nanos) -> Option<f32> {
        self.slo.as_ref().map_or(Some(0.0), |steps| steps.at(at).map(|factor| factor as f32))
    }
}

impl Workload for Population {
    fn instances(&self) -> &Instances {
        &self.instances
    }

    fn next_at(&self) -> Option<Nanos> {
        self.queue.peek_time().filter(|at| self.slo_factor(*at).is_some())
    }

    fn send(&mut self) -> Option<Arrival> {
        let common_slo = self.slo_factor(self.next_at()?)?;
        let (at, user_id) = self.queue.next()?;
        let user = &mut self.users[user_id as usize];
        user.pace.next_after_asking().into_iter().for_each(|next| self.queue.at(next, user_id));
        let (model, slo_factor) = (user.asks.next(), user.slo.factor(at, common_slo));
        let request = Request { id: self.n_sent, user_id, model, slo_factor };
        self.n_sent += 1;
        Some(Arrival { at, request })
    }

    fn answered(&mut self, now: Nanos, response: &Response) {
        let Some(user) = self.users.get_mut(response.user_id as usize) else { return };
        let (n_requests, at) = user.pace.answered(now.max(self.queue.now_ns()));
        (0..n_requests).for_each(|_| self.queue.at(at, response.user_id));
    }
}

/// Poisson processes of `rate` requests per second together, divided evenly among
/// `n_models` copies of a variety; `poisson-open-loop` and `comparison_experiment` of
/// the original.
#[must_use]
pub fn poisson_open_loops(variety: &str, n_models: u32, rate: f64, seed: u64) -> Population {
    let instances = Instances::of(variety, n_models);
    let users = open_users(&instances, rate, seed);
    Population::new(instances, users, None)
}

/// A user for each instance, with an even share of `rate`.
pub(super) fn open_users(instances: &Instances, rate: f64, seed: u64) -> Vec<User> {
    let share = Constant(rate / f64::from(instances.len()));
    let user = |model: ModelId| User {
        asks: Asked::one(model),
        pace: Pace::open(Poisson::new(share, Random::new(seed, u64::from(model.0)))),
        slo: Slo::Common,
    };
    instances.models().map(user).collect()
}

/// How many ask how often at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLoops {
    /// Copies of the variety, each with a user of its own.
    pub n_models: u32,
    /// Requests that each user has under way.
    pub concurrency: u32,
}

/// Closed loops, one for each copy of a variety; `comparison_experiment2` of the original.
#[must_use]
pub fn closed_loops(variety: &str, loops: ClosedLoops) -> Population {
    let instances = Instances::of(variety, loops.n_models);
    let users = instances.models().map(|model| closed_user(model, loops.concurrency)).collect();
    Population::new(instances, users, None)
}

/// A user of one model with so many requests under way, for ever.
pub(super) fn closed_user(model: ModelId, concurrency: u32) -> User {
    let pace = Pace::Closed(ClosedLoop::endless(concurrency));
    User { asks: Asked::one(model), pace, slo: Slo::Common }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::ClientStatus, time::SECOND};

    fn answer(arrival: &Arrival) -> Response {
        let Request { id, user_id, model, .. } = arrival.request;
        Response { request_id: id, user_id, model, status: ClientStatus::Timeout }
    }

    #[test]
    fn an_open_loop_shares_its_rate_evenly() {
        let mut workload = poisson_open_loops("resnet50_v2", 15, 1000.0, 7);
        assert_eq!(workload.instances(), &Instances::of("resnet50_v2", 15));
        let (mut counts, mut last_at) = ([0.0_f64; 15], 0);
        while let Some(arrival) = workload.send().filter(|one| one.at < 600 * SECOND) {
            assert_eq!(arrival.request.id, counts.iter().sum::<f64>() as u64);
            assert_eq!(arrival.request.user_id, arrival.request.model.0);
            assert!(arrival.at >= last_at && arrival.request.slo_factor == 0.0);
            counts[arrival.request.model.index()] += 1.0;
            last_at = arrival.at;
        }
        for count in counts {
            assert!((count - 40_000.0).abs() < 5.0 * 200.0, "{count}");
        }
    }

    #[test]
    fn an_open_loop_does_not_wait() {
        let mut workload = poisson_open_loops("resnet50_v2", 1, 1.0, 7);
        let arrival = workload.send().unwrap();
        let next_at = workload.next_at();
        assert!(next_at > Some(arrival.at));
        workload.answered(arrival.at, &answer(&arrival));
        assert_eq!(workload.next_at(), next_at);
    }

    #[test]
    fn a_closed_loop_sends_what_it_may_and_then_waits() {
        let mut workload = closed_loops("resnet50_v2", ClosedLoops { n_models: 2, concurrency: 3 });
        let first: Vec<Arrival> = std::iter::from_fn(|| workload.send()).collect();
        let users: Vec<u32> = first.iter().map(|one| one.request.user_id).collect();
        assert_eq!(users, [0, 0, 0, 1, 1, 1]);
        assert!(first.iter().all(|one| one.at == 0));
        assert_eq!(workload.next_at(), None);
    }

    #[test]
    fn each_answer_of_a_closed_loop_causes_a_request_at_that_time() {
        let mut workload = closed_loops("resnet50_v2", ClosedLoops { n_models: 2, concurrency: 1 });
        let first: Vec<Arrival> = std::iter::from_fn(|| workload.send()).collect();
        workload.answered(500, &answer(&first[1]));
        let next = workload.send().unwrap();
        assert_eq!((next.at, next.request.id, next.request.model), (500, 2, ModelId(1)));
        assert_eq!(workload.send(), None);
    }
}

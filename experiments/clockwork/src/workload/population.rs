//! Users who each ask one model, at their own pace.

use sim::EventQueue;

use super::{
    Arrival, Instances, SloSteps, Workload,
    bursty::Ramp,
    poisson::{Constant, Poisson},
};
use crate::{
    message::{ModelId, Request, Response},
    random::Random,
    time::Nanos,
};

/// Users, numbered from 0, who each ask one model: in closed loops, or without waiting
/// for answers.
#[derive(Debug)]
pub struct Population {
    instances: Instances,
    users: Vec<User>,
    /// Who asks next, and when.
    queue: EventQueue<u32>,
    n_sent: u64,
    /// The objectives of those who have not their own; the population goes when they end.
    slo: Option<SloSteps>,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) model: ModelId,
    pub(super) pace: Pace,
    /// Its objective for ever, if that is none of the population's.
    pub(super) slo_factor: Option<f32>,
}

/// When a user asks.
#[derive(Debug)]
pub(super) enum Pace {
    Steady(Poisson<Constant>),
    Ramp(Poisson<Ramp>),
    /// So many requests at once, each again when it is answered.
    Closed {
        concurrency: u32,
        starts_at: Nanos,
    },
}

impl Pace {
    /// When the user asks next of its own accord.
    fn next_at(&self) -> Option<Nanos> {
        match self {
            Self::Steady(poisson) => poisson.next_at(),
            Self::Ramp(poisson) => poisson.next_at(),
            Self::Closed { .. } => None,
        }
    }

    fn advance(&mut self) {
        match self {
            Self::Steady(poisson) => poisson.advance(),
            Self::Ramp(poisson) => poisson.advance(),
            Self::Closed { .. } => {}
        }
    }
}

impl Population {
    pub(super) fn new(instances: Instances, users: Vec<User>, slo: Option<SloSteps>) -> Population {
        let mut queue = EventQueue::new();
        for (index, user) in (0..).zip(&users) {
            match user.pace {
                Pace::Closed { concurrency, starts_at } => {
                    (0..concurrency).for_each(|_| queue.at(starts_at, index));
                }
                _ => user.pace.next_at().into_iter().for_each(|at| queue.at(at, index)),
            }
        }
        Population { instances, users, queue, n_sent: 0, slo }
    }

    /// The objective at a time; nothing once the population is gone.
    fn slo_factor(&self, at: Nanos) -> Option<f32> {
        self.slo.as_ref().map_or(Some(0.0), |steps| steps.at(at))
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
        user.pace.advance();
        user.pace.next_at().into_iter().for_each(|next| self.queue.at(next, user_id));
        let slo_factor = user.slo_factor.unwrap_or(common_slo);
        let request = Request { id: self.n_sent, user_id, model: user.model, slo_factor };
        self.n_sent += 1;
        Some(Arrival { at, request })
    }

    fn answered(&mut self, now: Nanos, response: &Response) {
        let user = self.users.get(response.user_id as usize);
        if let Some(Pace::Closed { .. }) = user.map(|user| &user.pace) {
            self.queue.at(now.max(self.queue.now_ns()), response.user_id);
        }
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
        model,
        pace: Pace::Steady(Poisson::new(share, Random::new(seed, u64::from(model.0)))),
        slo_factor: None,
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
    let pace = || Pace::Closed { concurrency: loops.concurrency, starts_at: 0 };
    let user = |model| User { model, pace: pace(), slo_factor: None };
    let users = instances.models().map(user).collect();
    Population::new(instances, users, None)
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

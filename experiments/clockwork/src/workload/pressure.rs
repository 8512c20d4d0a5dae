//! The original's workloads that ask for more than GPUs have: memory, or time.

use super::{
    Instances, Population,
    pace::{ClosedBursts, OpenBursts, Regular},
    poisson::{Constant, Poisson},
    population::{Asked, Pace, Slo, User, closed_user},
    steps::{SteppedRate, Steps},
};
use crate::{
    message::ModelId,
    random::Random,
    time::{Nanos, SECOND},
};

/// How many models [`fill_memory`] asks how often, in requests per second. So is the
/// original's code; its help text speaks of 500 models, 100 of them in closed loops.
const FILLING: [(usize, f64); 3] = [(1, 1000.0), (10, 10.0), (400, 1.0)];

/// Of the users of [`example`].
const REGULAR_RATE: f64 = 5.0;
const POISSON_RATE: f64 = 10.0;
const BURST: Nanos = 10 * SECOND;
const PAUSE: Nanos = 20 * SECOND;

/// `fill_memory` of the original: more copies than a GPU holds.
#[must_use]
pub fn fill_memory(variety: &str, seed: u64) -> Population {
    let rates = FILLING.iter().flat_map(|(n_models, rate)| std::iter::repeat_n(*rate, *n_models));
    let user = |(model, rate)| {
        let poisson = Poisson::new(Constant(rate), Random::new(seed, u64::from(model)));
        open_user(ModelId(model), Pace::open(poisson))
    };
    let users: Vec<_> = (0..).zip(rates).map(user).collect();
    Population::new(Instances::of(variety, users.len() as u32), users, None)
}

/// `scalability-exp-1` of the original: a rate of requests per second that changes step
/// by step, divided evenly among copies of a variety.
#[must_use]
pub fn stepped_open_loops(variety: &str, n_models: u32, rates: Steps, seed: u64) -> Population {
    let instances = Instances::of(variety, n_models);
    let rate = SteppedRate::new(rates, 1.0 / f64::from(n_models));
    let user = |model: ModelId| {
        let poisson = Poisson::new(rate, Random::new(seed, u64::from(model.0)));
        open_user(model, Pace::open(poisson))
    };
    let users = instances.models().map(user).collect();
    Population::new(instances, users, None)
}

/// `example` of the original: one of each variety, with five users each: at regular
/// intervals, in a Poisson process, in bursts of one, in a closed loop of one request
/// and in bursts of one. As with the original, whose generators have the same seeds for
/// all, every variety is asked at the same times.
#[must_use]
pub fn example(varieties: &[String], seed: u64) -> Population {
    let instances = Instances::of_each(varieties, 1);
    let random = |purpose| Random::new(seed, purpose);
    let users = instances.models().flat_map(|model| {
        let paces = [
            Pace::open(Regular::new(REGULAR_RATE)),
            Pace::open(Poisson::new(Constant(POISSON_RATE), random(0))),
            Pace::open(OpenBursts::new(POISSON_RATE, [BURST, PAUSE], random(1))),
            Pace::Bursty(ClosedBursts::new(1, BURST, random(2))),
        ];
        let users = paces.into_iter().map(move |pace| open_user(model, pace));
        users.chain([closed_user(model, 1)])
    });
    let users = users.collect();
    Population::new(instances, users, None)
}

fn open_user(model: ModelId, pace: Pace) -> User {
    User { asks: Asked::one(model), pace, slo: Slo::Common }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Step, Workload};

    /// How often each model is asked until then, if nobody is answered.
    fn asked(workload: &mut Population, until: Nanos) -> Vec<f64> {
        let mut counts = vec![0.0; workload.instances().len() as usize];
        while let Some(arrival) = workload.send().filter(|one| one.at < until) {
            counts[arrival.request.model.index()] += 1.0;
        }
        counts
    }

    #[track_caller]
    fn assert_poisson(count: f64, expected: f64) {
        assert!((count - expected).abs() <= 5.0 * expected.sqrt(), "{count}, not {expected}");
    }

    #[test]
    fn a_few_models_are_asked_often_and_400_once_a_second() {
        let counts = asked(&mut fill_memory("resnet50_v2", 7), 100 * SECOND);
        assert_eq!(counts.len(), 411);
        assert_poisson(counts[0], 100_000.0);
        counts[1..11].iter().for_each(|count| assert_poisson(*count, 1_000.0));
        counts[11..].iter().for_each(|count| assert_poisson(*count, 100.0));
    }

    #[test]
    fn rates_grow_until_they_are_over() {
        let rates =
            Steps { start: 500.0, end: 2_000.0, step: Step::Add(700.0), period: 10 * SECOND };
        let mut workload = stepped_open_loops("resnet50_v2", 5, rates, 7);
        let counts = asked(&mut workload, Nanos::MAX);
        // 500, 1,200 and 1,900 for 10 s each.
        counts.iter().for_each(|count| assert_poisson(*count, 36_000.0 / 5.0));
        assert_eq!(workload.next_at(), None);
    }

    #[test]
    fn every_variety_is_asked_at_the_same_times() {
        let varieties = ["b", "a"].map(String::from);
        let mut workload = example(&varieties, 7);
        let mut times = [vec![], vec![]];
        while let Some(arrival) = workload.send().filter(|one| one.at < 60 * SECOND) {
            times[arrival.request.model.index()].push(arrival.at);
        }
        assert_eq!(times[0], times[1]);
        assert_eq!(workload.instances().iter().collect::<Vec<_>>(), [("a", 1), ("b", 1)]);
        // In 60 s, 300 at regular intervals and 600 in a Poisson process, 3 to 60 s of
        // bursts, and one of each closed loop, as nobody is answered.
        assert!((850..1_600).contains(&times[0].len()), "{}", times[0].len());
        // All but the regular and the Poisson user begin at once.
        assert_eq!(times[0][..4].iter().filter(|at| **at == 0).count(), 3);
    }
}

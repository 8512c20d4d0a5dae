//! One steady model beside more and more others (Figure 6).

use super::{
    Instances, Population,
    poisson::{Constant, Poisson, Rates, Segment},
    population::{Asked, Pace, Slo, User},
};
use crate::{
    message::ModelId,
    random::Random,
    time::{Nanos, SECOND},
};

/// How long only the minor model is asked, as in the original's client.
pub const BURSTY_LEAD_IN: Nanos = LEAD_IN * SECOND;
const LEAD_IN: u64 = 300;
/// Requests per second to all major models together.
const MAJOR_RATE: u64 = 1000;
/// Requests per second to the minor model.
const MINOR_RATE: f64 = 200.0;

/// How often one of the major models is asked: after the lead-in there is one of them,
/// and each second one more. They share the requests of a minute evenly, as if these
/// were dealt one after the other. After the last second it all begins again.
///
/// The original writes the last second past the end of its tables; here it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramp {
    n_models: u64,
    nth: u64,
    second: u64,
}

impl Ramp {
    /// Requests in a minute at the rate of the current second.
    fn per_minute(&self) -> u64 {
        let second = self.second % (LEAD_IN + self.n_models);
        let n_active = (second + 1).saturating_sub(LEAD_IN);
        if self.nth >= n_active {
            return 0;
        }
        let per_minute = 60 * MAJOR_RATE;
        per_minute / n_active + u64::from(self.nth < per_minute % n_active)
    }
}

impl Rates for Ramp {
    fn current(&self) -> Segment {
        let ends_ns = (self.second + 1) as f64 * 1e9;
        Segment { per_ns: self.per_minute() as f64 / 60e9, ends_ns }
    }

    fn advance(&mut self) -> bool {
        self.second += 1;
        true
    }
}

/// `bursty_experiment` of the original: `n_models` major copies of a variety, at least
/// one, and after them the minor one.
#[must_use]
pub fn bursty(variety: &str, n_models: u32, seed: u64) -> Population {
    let random = |model: u32| Random::new(seed, u64::from(model));
    let user = |model, pace| User { asks: Asked::one(ModelId(model)), pace, slo: Slo::Common };
    let major = |nth: u32| {
        let ramp = Ramp { n_models: u64::from(n_models), nth: u64::from(nth), second: 0 };
        user(nth, Pace::open(Poisson::new(ramp, random(nth))))
    };
    let minor = Pace::open(Poisson::new(Constant(MINOR_RATE), random(n_models)));
    let users = (0..n_models).map(major).chain([user(n_models, minor)]).collect();
    Population::new(Instances::of(variety, n_models + 1), users, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    #[track_caller]
    fn check(second: u64, expected: [u64; 8]) {
        let rate = |nth| Ramp { n_models: 8, nth, second }.per_minute();
        assert_eq!(std::array::from_fn(|nth| rate(nth as u64)), expected);
    }

    #[test]
    fn each_second_one_more_model_has_its_share() {
        check(0, [0; 8]);
        check(299, [0; 8]);
        check(300, [60_000, 0, 0, 0, 0, 0, 0, 0]);
        check(301, [30_000, 30_000, 0, 0, 0, 0, 0, 0]);
        check(306, [8572, 8572, 8572, 8571, 8571, 8571, 8571, 0]);
        check(307, [7500; 8]);
        check(308, [0; 8]);
        check(608, [60_000, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_minor_model_comes_last_and_is_asked_all_the_time() {
        let mut workload = bursty("resnet50_v2", 100, 7);
        assert_eq!(workload.instances().len(), 101);
        let mut counts = [[0.0_f64; 2]; 2];
        while let Some(arrival) = workload.send().filter(|one| one.at < 400 * SECOND) {
            let is_minor = arrival.request.model == ModelId(100);
            counts[usize::from(arrival.at >= 300 * SECOND)][usize::from(is_minor)] += 1.0;
        }
        let expected = [[0.0, 60_000.0], [100_000.0, 20_000.0]];
        for (count, expected) in counts.as_flattened().iter().zip(expected.as_flattened()) {
            assert!((count - expected).abs() <= 5.0 * expected.sqrt(), "{count}, not {expected}");
        }
    }
}

//! Objectives that are loosened step by step (Figures 7 and 8).

use super::{
    Instances, Population, Steps,
    pace::ClosedLoop,
    population::{Asked, Pace, Slo, User, open_users},
};
use crate::time::{Nanos, SECOND};

/// When the background begins, as the original's.
pub const BACKGROUND_DELAY: Nanos = 10 * SECOND;

/// Who has the objectives that change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foreground {
    /// Copies of the variety.
    pub n_models: u32,
    /// Requests per second to all of them together, in Poisson processes.
    pub rate: f64,
    /// Their objectives, as multiples of a model's execution time.
    pub slo: Steps,
}

/// Who uses what is left, in closed loops that begin after [`BACKGROUND_DELAY`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Background {
    /// Further copies of the variety.
    pub n_models: u32,
    /// Requests that each copy has under way.
    pub concurrency: u32,
    /// Their objective; 0 is the controller's default.
    pub slo_factor: f32,
}

/// `slo-exp-1` of the original, or with a background `slo-exp-2`. It ends when the
/// objectives do.
#[must_use]
pub fn slo_experiment(
    variety: &str,
    foreground: Foreground,
    background: Option<Background>,
    seed: u64,
) -> Population {
    let instances = Instances::of(variety, foreground.n_models);
    let mut users = open_users(&instances, foreground.rate, seed);
    let mut n_models = foreground.n_models;
    if let Some(Background { n_models: n_more, concurrency, slo_factor }) = background {
        n_models += n_more;
        let user = |model| User {
            asks: Asked::one(model),
            pace: Pace::Closed(ClosedLoop {
                starts_at: BACKGROUND_DELAY,
                ..ClosedLoop::endless(concurrency)
            }),
            slo: Slo::Always(slo_factor),
        };
        let all = Instances::of(variety, n_models);
        users.extend(all.models().skip(foreground.n_models as usize).map(user));
    }
    Population::new(Instances::of(variety, n_models), users, Some(foreground.slo))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::{ClientStatus, Response},
        workload::{Arrival, Step, Workload},
    };

    /// The published one: 1, 1.5, 2.25 and so on up to 1.5¹¹, which is 86.5.
    const STEPS: Steps =
        Steps { start: 1.0, end: 100.0, step: Step::Multiply(1.5), period: 30 * SECOND };
    const FOREGROUND: Foreground = Foreground { n_models: 6, rate: 200.0, slo: STEPS };

    #[test]
    fn the_foreground_has_the_objectives_of_the_time() {
        let mut workload = slo_experiment("resnet50_v2", FOREGROUND, None, 7);
        let arrivals: Vec<Arrival> = std::iter::from_fn(|| workload.send()).collect();
        assert!((arrivals.len() as f64 - 72_000.0).abs() < 5.0 * 72_000.0_f64.sqrt());
        for Arrival { at, request } in arrivals {
            assert_eq!(Some(f64::from(request.slo_factor)), STEPS.at(at));
            assert!(request.model.0 < 6 && at < 360 * SECOND);
        }
    }

    #[test]
    fn the_background_comes_after_10_s_with_its_own_objective() {
        let background = Background { n_models: 12, concurrency: 16, slo_factor: 0.0 };
        let mut workload = slo_experiment("resnet50_v2", FOREGROUND, Some(background), 7);
        assert_eq!(workload.instances().len(), 18);
        let arrivals = std::iter::from_fn(|| workload.send().filter(|one| one.at < 11 * SECOND));
        let behind: Vec<_> = arrivals.filter(|one| one.request.model.0 >= 6).collect();
        assert_eq!(behind.len(), 12 * 16);
        assert!(behind.iter().all(|one| one.at == 10 * SECOND && one.request.slo_factor == 0.0));
    }

    #[test]
    fn the_background_ends_with_the_foreground() {
        let background = Background { n_models: 1, concurrency: 1, slo_factor: 0.0 };
        let mut workload = slo_experiment("resnet50_v2", FOREGROUND, Some(background), 7);
        while workload.send().is_some() {}
        let (request_id, user_id, model) = (0, 6, crate::message::ModelId(6));
        let response = Response { request_id, user_id, model, status: ClientStatus::Success };
        workload.answered(360 * SECOND, &response);
        assert_eq!((workload.next_at(), workload.send()), (None, None));
    }
}

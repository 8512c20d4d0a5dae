//! The original's workloads of a few closed loops.
//!
//! Its users have no number of their own in `simple` and `simple-slo-factor`.

use super::{
    Instances, Population, Step, Steps,
    pace::ClosedLoop,
    population::{Asked, Pace, Slo, User, closed_user},
};
use crate::{message::ModelId, time::SECOND};

/// How long the objectives of [`simple_slo_factor`] hold.
const SLO_PERIOD: u64 = 10 * SECOND;

/// `simple-slo-factor` of the original: three copies with one request under way each,
/// whose objectives change every 10 s: the first is multiplied by 1.25, one is added to
/// the second, both from 4 on. The third is meant to go back and forth between 10 and 1;
/// by the original's code, an assignment where a comparison was meant, it becomes 1 and
/// stays. Here too.
#[must_use]
pub fn simple_slo_factor(variety: &str) -> Population {
    let steps = |start, step| Steps { start, end: f64::INFINITY, step, period: SLO_PERIOD };
    let objectives = [
        steps(4.0, Step::Multiply(1.25)),
        steps(4.0, Step::Add(1.0)),
        steps(10.0, Step::Become(1.0)),
    ];
    let user = |(model, steps)| User { slo: Slo::Steps(steps), ..closed_user(ModelId(model), 1) };
    let users = (0..).zip(objectives).map(user).collect();
    Population::new(Instances::of(variety, 3), users, None)
}

/// Clients in closed loops, each with models of its own that it asks in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clients {
    /// Copies of the variety, divided evenly among the clients.
    pub n_models: u32,
    /// Clients, of which those that no model is left for do nothing.
    pub n_clients: u32,
    /// Requests that each of them has under way.
    pub concurrency: u32,
    /// Requests that each of them sends when it is answered: as by the original's code,
    /// in addition to the first ones. (Its help text calls this the total.)
    pub n_requests: u32,
}

/// `simple-parametric` of the original.
#[must_use]
pub fn simple_parametric(variety: &str, clients: Clients) -> Population {
    let per_client = clients.n_models.div_ceil(clients.n_clients);
    let user = |nth: u32| {
        let first = nth.saturating_mul(per_client);
        let n_models = clients.n_models.saturating_sub(first).min(per_client);
        let pace = Pace::Closed(ClosedLoop {
            n_again: Some(u64::from(clients.n_requests)),
            ..ClosedLoop::endless(clients.concurrency)
        });
        (n_models > 0).then(|| User {
            asks: Asked::in_turn(first, n_models),
            pace,
            slo: Slo::Common,
        })
    };
    let users = (0..clients.n_clients).map_while(user).collect();
    Population::new(Instances::of(variety, clients.n_models), users, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        message::{ClientStatus, Response},
        time::Nanos,
        workload::Workload,
    };

    /// Answers every request at once, until `until`, an answer a second; says which
    /// models were asked by whom.
    fn asked(workload: &mut Population, until: Nanos) -> Vec<(u32, u32, f32)> {
        let mut asked = vec![];
        while let Some(arrival) = workload.send().filter(|one| one.at < until) {
            let request = arrival.request;
            asked.push((request.user_id, request.model.0, request.slo_factor));
            let (request_id, user_id, model) = (request.id, request.user_id, request.model);
            let response = Response { request_id, user_id, model, status: ClientStatus::Success };
            workload.answered(arrival.at + SECOND, &response);
        }
        asked
    }

    #[test]
    fn clients_ask_their_own_models_in_turn_and_end() {
        let clients = Clients { n_models: 5, n_clients: 2, concurrency: 2, n_requests: 3 };
        let mut workload = simple_parametric("resnet50_v2", clients);
        let mut asked = asked(&mut workload, Nanos::MAX);
        asked.sort_by_key(|(user, ..)| *user);
        let models: Vec<_> = asked.iter().map(|(user, model, _)| (*user, *model)).collect();
        let first = [0, 1, 2, 0, 1].map(|model| (0, model));
        let second = [3, 4, 3, 4, 3].map(|model| (1, model));
        assert_eq!(models, [first, second].concat());
    }

    #[test]
    fn clients_without_a_model_do_nothing() {
        // Two models for each of the first two clients, none for the third.
        let clients = Clients { n_models: 4, n_clients: 3, concurrency: 1, n_requests: 1 };
        let asked = asked(&mut simple_parametric("resnet50_v2", clients), Nanos::MAX);
        assert_eq!(asked.iter().map(|(user, ..)| *user).max(), Some(1));
    }

    #[test]
    fn each_of_three_models_has_its_own_objectives() {
        let mut workload = simple_slo_factor("resnet50_v2");
        let asked = asked(&mut workload, 25 * SECOND);
        let of = |user: u32| {
            let mut factors: Vec<_> =
                asked.iter().filter(|(id, ..)| *id == user).map(|(.., slo)| *slo).collect();
            factors.dedup();
            factors
        };
        assert_eq!([of(0), of(1)], [[4.0, 5.0, 6.25], [4.0, 5.0, 6.0]]);
        assert_eq!(of(2), [10.0, 1.0]);
    }
}

//! Groups of models have the rows of their models, and no others.

use super::rows;
use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    telemetry::{ActionRow, Aggregate, GroupSeries, RequestRow, Window},
    time::{MILLISECOND, SECOND},
};

/// Three buckets of 10 s after 5 s.
const WINDOW: Window =
    Window { start: 0, lead_in: 5 * SECOND, duration: Some(30 * SECOND), bucket: 10 * SECOND };

fn request(second: u64, model: u32) -> RequestRow {
    RequestRow { model: ModelId(model), ..rows::request(second * SECOND) }
}

fn action(second: u64, kind: ActionKind, model: u32) -> ActionRow {
    let worker_exec_duration = 500 * MILLISECOND;
    ActionRow { model: ModelId(model), worker_exec_duration, ..rows::action(second * SECOND, kind) }
}

fn aggregate(requests: &[RequestRow], actions: &[ActionRow]) -> Aggregate {
    let mut aggregate = Aggregate::new(WINDOW);
    aggregate.group_by(&"few=0..2,one=7".parse().unwrap());
    requests.iter().for_each(|row| aggregate.request(row));
    actions.iter().for_each(|row| aggregate.action(row));
    aggregate
}

fn requests() -> Vec<RequestRow> {
    let failed = RequestRow { result: ClientStatus::Timeout, ..request(6, 0) };
    vec![failed, request(7, 0), request(8, 1), request(9, 7), request(16, 1), request(9, 5)]
}

fn actions() -> Vec<ActionRow> {
    let infer = ActionKind::Infer { batch_size: 4 };
    let failed = ActionRow { status: ActionStatus::LoadTooLate, ..action(7, ActionKind::Load, 0) };
    vec![
        action(1, ActionKind::Load, 0),
        action(6, ActionKind::Load, 1),
        ActionRow { worker_exec_duration: 0, ..failed },
        action(8, infer, 0),
        action(9, infer, 1),
        action(16, ActionKind::Evict, 0),
        action(9, ActionKind::Load, 7),
        action(9, ActionKind::Load, 5),
        action(99, ActionKind::Load, 0),
    ]
}

#[track_caller]
fn check(of: fn(&crate::telemetry::GroupPoint) -> f64, few: &[f64], one: &[f64]) {
    let groups = aggregate(&requests(), &actions()).groups();
    let found = |group: &GroupSeries| group.points.iter().map(of).collect::<Vec<_>>();
    assert_eq!((found(&groups[0]), found(&groups[1])), (few.to_vec(), one.to_vec()));
}

#[test]
fn rates_and_models_are_those_of_the_group() {
    check(|at| at.all.throughput, &[0.3, 0.1], &[0.1]);
    check(|at| at.all.goodput, &[0.2, 0.1], &[0.1]);
    check(|at| at.active_models as f64, &[2.0, 1.0], &[1.0]);
    check(|at| at.all.batch_size_mean, &[4.0, 0.0], &[0.0]);
}

#[test]
fn copies_that_came_before_the_window_and_did_not_go_are_loaded() {
    check(|at| at.loaded_copies as f64, &[2.0, 1.0], &[1.0]);
}

#[test]
fn devices_are_busy_for_as_long_as_actions_take() {
    check(|at| at.gpus_busy, &[0.1, 0.0], &[0.0]);
    // The eviction's time is nobody's, and what failed took none.
    check(|at| at.links_busy, &[0.05, 0.0], &[0.05]);
}

#[test]
fn parts_of_groups_that_are_merged_are_the_whole() {
    let (requests, actions) = (requests(), actions());
    let mut merged = aggregate(&requests[..2], &actions[3..]);
    merged.merge(&aggregate(&requests[2..], &actions[..3]));
    assert_eq!(merged.groups(), aggregate(&requests, &actions).groups());
}

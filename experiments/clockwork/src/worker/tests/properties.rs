//! What holds whatever a GPU is told, shown with random orders.

use std::{collections::BTreeMap, sync::Arc};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, GpuId, ModelId},
    models::{Catalogue, Deployment},
    time::{MILLISECOND, Nanos},
    worker::{CacheSize, EmulatedDevice, Gpu, Noise},
};

const SIZE: CacheSize = CacheSize { page_bytes: 16 << 20, n_pages: 100 };
const N_MODELS: u32 = 40;

/// Everything that was ordered, and everything that was answered.
struct History {
    gpu: Gpu<EmulatedDevice>,
    deployment: Arc<Deployment>,
    actions: BTreeMap<u64, Action>,
    results: Vec<ActionResult>,
}

/// About one action every 2 ms, some beyond what is possible.
fn history(seed: u64, n_actions: u64) -> History {
    let copies = [("resnet50_v2", N_MODELS / 2), ("googlenet", N_MODELS / 2)];
    let deployment = Arc::new(Deployment::new(Catalogue::published(), copies).unwrap());
    let device = EmulatedDevice::noisy(Noise::V100, seed);
    let mut gpu = Gpu::new(device, Arc::clone(&deployment), SIZE);
    let mut random = Pcg64::seed_from_u64(seed);
    let (mut actions, mut results, mut now) = (BTreeMap::new(), Vec::new(), 0);
    for id in 0..n_actions {
        now += random.random_range(0..4 * MILLISECOND);
        wake_until(&mut gpu, now, &mut results);
        let action = random_action(&mut random, id, now);
        gpu.act(now, action);
        actions.insert(id, action);
        assert!(gpu.n_free_pages() <= SIZE.n_pages);
    }
    wake_until(&mut gpu, Nanos::MAX, &mut results);
    History { gpu, deployment, actions, results }
}

fn random_action(random: &mut Pcg64, id: u64, now: Nanos) -> Action {
    let kind = match random.random_range(0..10) {
        0..3 => ActionKind::Load,
        3..5 => ActionKind::Evict,
        _ => ActionKind::Infer { batch_size: random.random_range(0..18) },
    };
    let earliest = (now + random.random_range(0..20 * MILLISECOND)).saturating_sub(5 * MILLISECOND);
    let latest = earliest + random.random_range(0..30 * MILLISECOND);
    let model = ModelId(random.random_range(0..=N_MODELS));
    Action { id, gpu: GpuId(0), model, kind, earliest, latest, expected_duration: 0 }
}

fn wake_until(gpu: &mut Gpu<EmulatedDevice>, until: Nanos, results: &mut Vec<ActionResult>) {
    while let Some(now) = gpu.next_wake().filter(|next| *next <= until) {
        gpu.wake(now, results);
    }
}

#[test]
fn each_action_gets_exactly_one_result() {
    let history = history(1, 20_000);
    let mut ids: Vec<_> = history.results.iter().map(|result| result.id).collect();
    ids.sort_unstable();
    assert!(ids.iter().eq(history.actions.keys()));
    assert_eq!((history.gpu.n_unanswered(), history.gpu.next_wake()), (0, None));
}

#[test]
fn random_orders_meet_every_fate() {
    let history = history(2, 20_000);
    let has = |status| history.results.iter().any(|result| result.status == status);
    let fates = [
        ActionStatus::Success,
        ActionStatus::UnknownModel,
        ActionStatus::LoadTooLate,
        ActionStatus::LoadInsufficientCache,
        ActionStatus::EvictTooLate,
        ActionStatus::EvictNotLoaded,
        ActionStatus::CopyInputInvalidBatchSize,
        ActionStatus::ExecTooLate,
        ActionStatus::ExecWeightsMissing,
        ActionStatus::ExecConcurrentModification,
    ];
    assert_eq!(fates.into_iter().filter(|fate| !has(*fate)).collect::<Vec<_>>(), []);
}

#[test]
fn nothing_overlaps_on_an_executor_and_all_begins_in_its_window() {
    let history = history(3, 20_000);
    let mut spans: [Vec<(Nanos, Nanos)>; 2] = [Vec::new(), Vec::new()];
    for result in &history.results {
        let Some(timing) = result.timing else { continue };
        let action = &history.actions[&result.id];
        let is_infer = matches!(action.kind, ActionKind::Infer { .. });
        spans[usize::from(is_infer)].push((timing.begin, timing.end));
        assert!(action.earliest.max(result.received) <= timing.begin);
        assert!(timing.begin <= action.latest);
        assert!(timing.end <= timing.copy_output_end && timing.copy_output_end <= result.sent);
    }
    for mut spans in spans {
        spans.sort_unstable();
        assert!(spans.len() > 1_000);
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }
}

#[test]
fn no_page_is_lost_and_the_capacity_holds_at_any_time() {
    let mut history = history(4, 20_000);
    let pages_of = |model| history.deployment.variety(model).n_pages(SIZE.page_bytes);
    let with_weights = history.deployment.models().filter(|model| history.gpu.has_weights(*model));
    let n_held: u32 = with_weights.map(pages_of).sum();
    assert!(n_held > 0);
    assert_eq!(n_held + history.gpu.n_free_pages(), SIZE.n_pages);
    history.gpu.clear_cache();
    assert_eq!(history.gpu.n_free_pages(), SIZE.n_pages);
}

/// Replays the results by themselves: what they say of weights fits together.
#[test]
fn executions_had_weights_from_their_beginning_to_their_end() {
    let history = history(5, 20_000);
    let mut held = BTreeMap::<ModelId, Nanos>::new();
    let mut events: Vec<_> =
        history.results.iter().filter(|result| result.timing.is_some()).collect();
    // By end; a change of weights at the end of an execution comes after it.
    let is_infer = |result: &ActionResult| {
        matches!(history.actions[&result.id].kind, ActionKind::Infer { .. })
    };
    events.sort_by_key(|result| (result.timing.unwrap().end, !is_infer(result)));
    let mut n_executions = 0;
    for result in events {
        let (action, timing) = (&history.actions[&result.id], result.timing.unwrap());
        match action.kind {
            ActionKind::Load => _ = held.insert(action.model, timing.end),
            ActionKind::Evict => assert!(held.remove(&action.model).is_some()),
            ActionKind::Infer { .. } => {
                assert!(held[&action.model] <= timing.begin);
                n_executions += 1;
            }
        }
    }
    assert!(n_executions > 1_000);
}

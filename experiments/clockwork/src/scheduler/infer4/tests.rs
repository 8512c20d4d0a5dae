//! INFER4 against timelines worked by hand.

use super::Infer4;
use crate::{
    message::{Action, ActionKind, ActionStatus, ClientStatus, GpuId},
    scheduler::{
        Cluster, Event, Scheduler as _, Settings,
        testing::{Bench, MS, infer, kinds, served},
    },
    time::MICROSECOND,
};

fn bench(n_gpus: u32, n_models: usize, pages_per_gpu: u32) -> Bench<Infer4> {
    bench_with(Settings::default(), n_gpus, n_models, pages_per_gpu)
}

fn bench_with(
    settings: Settings,
    n_gpus: u32,
    n_models: usize,
    pages_per_gpu: u32,
) -> Bench<Infer4> {
    let cluster = Cluster { n_workers: n_gpus, gpus_per_worker: 1, pages_per_gpu };
    Bench::of(Infer4::new(settings, cluster, &vec![served(); n_models]).unwrap(), n_gpus)
}

#[test]
fn a_cold_model_is_loaded_then_executed_then_answered() {
    let mut bench = bench(1, 1, 100);
    bench.ask(0);
    let sent = bench.sent();
    assert_eq!(kinds(&sent), [(0, 0, ActionKind::Load)]);
    // It can begin a millisecond from now, and must within the time ahead.
    assert_eq!((sent[0].earliest, sent[0].latest), (0, 11 * MS));
    bench.carry_out(sent[0]);
    let sent = bench.sent();
    assert_eq!((bench.now, kinds(&sent)), (8 * MS, vec![(0, 0, infer(1))]));
    assert_eq!((sent[0].earliest, sent[0].latest), (8 * MS, 19 * MS));
    assert!(bench.answers().is_empty());
    bench.carry_out(sent[0]);
    assert_eq!(bench.answers(), [(0, ClientStatus::Success)]);
    assert_eq!(bench.scheduler.next_wake(), None);
}

#[test]
fn what_waits_is_executed_in_the_largest_batch_that_is_full() {
    let mut bench = bench(1, 1, 100);
    (0..7).for_each(|_| bench.ask(0));
    let load = bench.sent();
    bench.carry_out(load[0]);
    // Four at once until 8+8 ms, within the 10 ms ahead; two more begin there;
    // the last waits until there is room ahead again.
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(4)), (0, 0, infer(2))]);
    assert_eq!(bench.scheduler.next_wake(), Some(21 * MS - 10 * MS + 1));
    bench.pass(12 * MS);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(1))]);
}

#[test]
fn a_request_that_cannot_be_done_in_time_is_answered_at_its_deadline() {
    let mut bench = bench(1, 1, 100);
    bench.ask(0);
    bench.sent();
    bench.pass(94 * MS);
    assert!(bench.answers().is_empty());
    bench.pass(95 * MS);
    assert_eq!(bench.answers(), [(0, ClientStatus::Timeout)]);
}

#[test]
fn a_request_whose_turn_an_older_one_took_keeps_its_own() {
    let too_late = (1, ClientStatus::Timeout);
    for (original_mistakes, second) in [(false, (1, ClientStatus::Success)), (true, too_late)] {
        let settings = Settings { original_mistakes, ..Settings::default() };
        let mut bench = bench_with(settings, 1, 1, 100);
        bench.ask(0);
        let load = bench.sent()[0];
        bench.pass(4 * MS);
        bench.ask(0);
        // Execution begins at 91 ms. Both at once are too late for the first, whose
        // deadline is at 95 ms; alone it is in time, and so is then the second.
        bench.pass(90 * MS);
        bench.report(load, ActionStatus::Success, 82 * MS, 90 * MS);
        let sent = bench.sent();
        assert!(sent.iter().all(|action| action.kind == infer(1)), "{sent:?}");
        sent.into_iter().for_each(|action| bench.carry_out(action));
        bench.pass(100 * MS);
        assert_eq!(bench.answers(), [(0, ClientStatus::Success), second]);
    }
}

#[test]
fn who_has_time_is_served_though_the_weights_of_others_came_first() {
    for original_mistakes in [false, true] {
        let settings = Settings { original_mistakes, ..Settings::default() };
        let mut bench = bench_with(settings, 1, 8, 100);
        // Within 3 s: all weights take 64 ms, and are wanted for 25.
        (0..8).for_each(|model| bench.ask_within(model, 1_000.0));
        bench.carry_out_all();
        let mut answers = bench.answers();
        answers.sort_unstable_by_key(|(request, _)| *request);
        assert_eq!(answers, (0..8).map(|id| (id, ClientStatus::Success)).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_is_completed_with_an_older_request_that_has_time() {
    let success = [(0, ClientStatus::Success), (1, ClientStatus::Success)];
    let alone = [(0, ClientStatus::Success), (1, ClientStatus::Timeout)];
    for (original_mistakes, size, answers) in [(false, 2, success), (true, 1, alone)] {
        let settings = Settings { original_mistakes, ..Settings::default() };
        let mut bench = bench_with(settings, 1, 1, 100);
        // The first has until 295 ms. The second, until 95 ms, comes first: alone it is
        // no batch of two, and of what may complete one the original thinks the opposite.
        bench.ask_within(0, 100.0);
        bench.ask(0);
        let load = bench.sent()[0];
        bench.carry_out(load);
        let sent = bench.sent();
        assert_eq!(kinds(&sent), [(0, 0, infer(size))]);
        bench.carry_out(sent[0]);
        bench.pass(95 * MS);
        assert_eq!(bench.answers(), answers);
    }
}

#[test]
fn no_batch_is_completed_past_an_older_request_that_has_no_time() {
    let mut bench = bench(1, 1, 100);
    // Until 295 ms, until 55 ms, and two until 95 ms.
    bench.ask_within(0, 100.0);
    bench.ask_within(0, 20.0);
    (0..2).for_each(|_| bench.ask(0));
    let load = bench.sent()[0];
    // All four at once are complete at 59 ms.
    bench.pass(50 * MS);
    bench.report(load, ActionStatus::Success, 42 * MS, 50 * MS);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(2)), (0, 0, infer(2))]);
}

#[test]
fn the_least_recently_used_model_makes_room() {
    let mut bench = bench(1, 3, 14);
    bench.warm_up(0);
    bench.warm_up(1);
    bench.ask(0);
    let again = bench.sent();
    bench.carry_out(again[0]);
    bench.ask(2);
    let expected = [(0, 1, ActionKind::Evict), (0, 2, ActionKind::Load)];
    assert_eq!(kinds(&bench.sent()), expected);
}

#[test]
fn what_is_being_executed_is_not_evicted() {
    let mut bench = bench(1, 2, 7);
    bench.warm_up(0);
    bench.ask(0);
    let infer = bench.sent();
    bench.ask(1);
    assert!(bench.sent().is_empty());
    bench.carry_out(infer[0]);
    assert_eq!(kinds(&bench.sent()), [(0, 0, ActionKind::Evict), (0, 1, ActionKind::Load)]);
}

#[test]
fn two_models_are_loaded_on_two_gpus() {
    let mut bench = bench(2, 2, 100);
    bench.ask(0);
    bench.ask(1);
    let expected = [(0, 0, ActionKind::Load), (1, 1, ActionKind::Load)];
    assert_eq!(kinds(&bench.sent()), expected);
}

#[test]
fn a_model_goes_to_a_second_gpu_only_when_the_first_cannot_keep_up() {
    let mut bench = bench(2, 1, 100);
    bench.warm_up(0);
    bench.ask(0);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(1))]);
    // 3 ms each, 35 of them: more than 100 ms of work.
    (0..35).for_each(|_| bench.ask(0));
    let sent = kinds(&bench.sent());
    assert!(sent.contains(&(1, 0, ActionKind::Load)), "{sent:?}");
}

#[test]
fn the_original_loads_a_wanted_model_everywhere() {
    let settings = Settings::original();
    let mut bench = bench_with(settings, 2, 1, 100);
    bench.ask(0);
    assert_eq!(kinds(&bench.sent()), [(0, 0, ActionKind::Load), (1, 0, ActionKind::Load)]);
}

#[test]
fn all_requests_of_a_failed_batch_are_told_so() {
    let mut bench = bench(1, 1, 100);
    bench.warm_up(0);
    bench.ask(0);
    let infer = bench.sent()[0];
    bench.report(infer, ActionStatus::ExecTooLate, 0, 0);
    assert_eq!(bench.answers(), [(1, ClientStatus::Error)]);
    bench.ask(0);
    assert_eq!(bench.sent()[0].latest, bench.now + 11 * MS);
}

#[test]
fn a_failed_load_gives_its_pages_back_and_is_tried_again() {
    let mut bench = bench(1, 1, 7);
    bench.ask(0);
    let load = bench.sent()[0];
    bench.now = 2 * MS;
    bench.report(load, ActionStatus::LoadTooLate, 0, 0);
    assert_eq!(kinds(&bench.sent()), [(0, 0, ActionKind::Load)]);
}

#[test]
fn batches_that_take_too_long_are_not_made() {
    let settings = Settings { max_exec: 5 * MS, ..Settings::default() };
    let mut bench = bench_with(settings, 1, 1, 100);
    (0..4).for_each(|_| bench.ask(0));
    let load = bench.sent()[0];
    bench.carry_out(load);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(2)), (0, 0, infer(2))]);
}

#[test]
fn an_unknown_model_is_refused_at_once() {
    let mut bench = bench(1, 1, 100);
    bench.ask(7);
    assert_eq!(bench.answers(), [(0, ClientStatus::Invalid)]);
}

#[test]
fn a_model_larger_than_a_gpu_is_refused_at_the_start() {
    let cluster = Cluster { n_workers: 1, gpus_per_worker: 1, pages_per_gpu: 6 };
    let error = Infer4::new(Settings::default(), cluster, &[served()]).unwrap_err();
    assert_eq!(error.to_string(), "model 0 has 7 pages of weights, but a GPU holds 6");
}

#[test]
fn a_result_that_nobody_waits_for_changes_nothing() {
    let mut bench = bench(1, 1, 100);
    bench.ask(0);
    let load = bench.sent()[0];
    for unknown in [Action { id: 99, ..load }, Action { gpu: GpuId(9), ..load }] {
        bench.report(unknown, ActionStatus::Success, 0, 8 * MS);
    }
    assert!(bench.effects.is_empty());
}

#[test]
fn a_request_goes_to_the_gpu_that_is_free_first() {
    let mut bench = bench(2, 2, 100);
    bench.warm_up(0);
    // More work than the first GPU can do brings the model to the second.
    (0..36).for_each(|_| bench.ask(0));
    bench.carry_out_all();
    bench.pass(bench.now + 200 * MS);
    bench.ask(0);
    bench.ask(0);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(1)), (1, 0, infer(1))]);
}

#[test]
fn an_answered_request_leaves_no_gap_that_others_fall_into() {
    let mut bench = bench(1, 1, 100);
    bench.ask(0);
    let load = bench.sent()[0];
    bench.ask_within(0, 1.0);
    bench.pass(50 * MS);
    assert_eq!(bench.answers(), [(1, ClientStatus::Timeout)]);
    bench.report(load, ActionStatus::Success, 42 * MS, 50 * MS);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(1))]);
}

#[test]
fn who_may_not_look_yet_looks_again_later() {
    let mut bench = bench(2, 2, 100);
    bench.warm_up(0);
    bench.warm_up(1);
    // Both models are where the first is loaded, or on a GPU each.
    (0..40).for_each(|_| {
        bench.ask(0);
        bench.ask(1);
    });
    let loads =
        |actions: &[Action]| actions.iter().filter(|one| one.kind == ActionKind::Load).count();
    assert_eq!(loads(&bench.sent()), 1);
    bench.pass(bench.now + 100 * MICROSECOND);
    assert_eq!(loads(&bench.sent()), 1);
}

#[test]
fn a_slower_clock_takes_longer() {
    let mut bench = bench(1, 1, 100);
    bench.warm_up(0);
    bench.clock_mhz = 690;
    bench.ask(0);
    let infer = bench.sent()[0];
    assert_eq!(infer.expected_duration, 3 * MS);
    bench.report(infer, ActionStatus::Success, bench.now, bench.now + 3 * MS);
    bench.ask(0);
    assert_eq!(bench.sent()[0].expected_duration, 6 * MS);
}

#[test]
fn an_objective_may_be_longer_than_time() {
    let mut bench = bench(1, 1, 100);
    bench.pass(10 * MS);
    bench.ask_within(0, f32::MAX);
    let load = bench.sent()[0];
    bench.carry_out(load);
    let infer = bench.sent()[0];
    bench.carry_out(infer);
    assert_eq!(bench.answers(), [(0, ClientStatus::Success)]);
}

#[test]
fn a_row_tells_the_state_in_which_an_action_was_sent() {
    let mut bench = bench(1, 2, 7);
    bench.warm_up(0);
    bench.rows();
    (0..3).for_each(|_| bench.ask(0));
    let infers = bench.sent();
    assert_eq!(kinds(&infers), [(0, 0, infer(1)), (0, 0, infer(1)), (0, 0, infer(1))]);
    infers.into_iter().for_each(|infer| bench.carry_out(infer));
    bench.ask(1);
    bench.pass(bench.now + MS);
    bench.sent().into_iter().for_each(|action| bench.carry_out(action));
    let rows = bench.rows();
    let states = rows.iter().map(|row| (row.action_type(), row.requests_queued, row.copies_loaded));
    // Nobody waits behind what is sent at once; an eviction ends what it counts.
    assert_eq!(states.collect::<Vec<_>>(), [(2, 0, 1), (2, 0, 1), (2, 0, 1), (3, 0, 1), (1, 1, 0)]);
    // Only what takes the device's time is said to be complete.
    assert_eq!((rows[3].worker_exec_complete, rows[4].worker_exec_complete), (0, 9 * MS));
}

/// Two GPUs with a model each; what is asked next comes at 11 ms.
fn two_models_on_two_gpus(settings: Settings, pages_per_gpu: u32) -> Bench<Infer4> {
    let mut bench = bench_with(settings, 2, 2, pages_per_gpu);
    bench.ask(0);
    bench.ask(1);
    let at_once = |bench: &mut Bench<Infer4>, end| {
        let begin = bench.now;
        let sent = bench.sent();
        bench.pass(end);
        sent.into_iter().for_each(|one| bench.report(one, ActionStatus::Success, begin, end));
    };
    at_once(&mut bench, 8 * MS);
    at_once(&mut bench, 11 * MS);
    assert_eq!(bench.answers(), [(0, ClientStatus::Success), (1, ClientStatus::Success)]);
    bench.rows();
    bench
}

#[test]
fn who_waits_for_a_lost_gpu_is_served_by_another() {
    let mut bench = two_models_on_two_gpus(Settings::default(), 100);
    [0, 0, 0, 0, 0, 0, 1].into_iter().for_each(|model| bench.ask(model));
    let before = bench.sent();
    // 3 ms each, until the 10 ms ahead are full; two wait.
    let on_0 = [(0, 0, infer(1)); 4];
    assert_eq!(kinds(&before), [&on_0[..], &[(1, 1, infer(1))]].concat());
    bench.pass(12 * MS);
    bench.on(Event::Lost(GpuId(0)));
    let error = |id| (id, ClientStatus::Error);
    assert_eq!(bench.answers(), [2, 3, 4, 5].map(error));
    let rows = bench.rows();
    assert!(rows.iter().all(|row| (row.t, row.status) == (12 * MS, ActionStatus::WorkerLost)));
    assert!(rows.iter().all(|row| row.worker_exec_duration + row.worker_exec_complete == 0));
    let ids = |actions: &[Action]| actions.iter().map(|action| action.id).collect::<Vec<_>>();
    assert_eq!(rows.iter().map(|row| row.action_id).collect::<Vec<_>>(), ids(&before[..4]));
    let load = bench.sent();
    assert_eq!(kinds(&load), [(1, 0, ActionKind::Load)]);
    // What is heard of it still changes nothing.
    bench.report(before[0], ActionStatus::Success, 11 * MS, 14 * MS);
    bench.on(Event::Lost(GpuId(0)));
    bench.on(Event::Lost(GpuId(2)));
    assert!(bench.effects.is_empty());
    bench.pass(14 * MS);
    bench.report(before[4], ActionStatus::Success, 11 * MS, 14 * MS);
    bench.pass(20 * MS);
    bench.report(load[0], ActionStatus::Success, 12 * MS, 20 * MS);
    let sent = bench.sent();
    assert_eq!((kinds(&sent), sent[0].latest), (vec![(1, 0, infer(2))], 31 * MS));
    bench.carry_out(sent[0]);
    assert_eq!(bench.answers(), [8, 6, 7].map(|id| (id, ClientStatus::Success)));
    bench.ask(0);
    assert_eq!(kinds(&bench.sent()), [(1, 0, infer(1))]);
}

#[test]
fn weights_that_were_on_their_way_to_a_lost_gpu_go_to_another() {
    let mut bench = bench(2, 1, 7);
    bench.ask(0);
    assert_eq!(kinds(&bench.sent()), [(0, 0, ActionKind::Load)]);
    bench.pass(2 * MS);
    bench.on(Event::Lost(GpuId(0)));
    assert_eq!(bench.rows()[0].status, ActionStatus::WorkerLost);
    let load = bench.sent();
    assert_eq!((kinds(&load), load[0].latest), (vec![(1, 0, ActionKind::Load)], 13 * MS));
    bench.carry_out_all();
    bench.carry_out(load[0]);
    bench.carry_out_all();
    assert_eq!(bench.answers(), [(0, ClientStatus::Success)]);
}

#[test]
fn who_had_stopped_waiting_for_weights_does_so_again_when_they_are_lost() {
    let mut bench = two_models_on_two_gpus(Settings::default(), 100);
    // As much as can be done in time. After 25 ms nobody wants weights any more.
    (0..30).for_each(|_| bench.ask(0));
    bench.pass(37 * MS);
    assert!(bench.sent().iter().all(|action| action.gpu == GpuId(0)));
    bench.on(Event::Lost(GpuId(0)));
    assert_eq!(kinds(&bench.sent()), [(1, 0, ActionKind::Load)]);
}

#[test]
fn without_any_gpu_requests_time_out() {
    let mut bench = two_models_on_two_gpus(Settings::default(), 100);
    (0..5).for_each(|_| bench.ask(0));
    bench.on(Event::Lost(GpuId(1)));
    bench.on(Event::Lost(GpuId(0)));
    assert_eq!(bench.answers(), [2, 3, 4, 5].map(|id| (id, ClientStatus::Error)));
    bench.ask(1);
    bench.sent();
    bench.pass(106 * MS);
    assert_eq!(bench.answers(), [6, 7].map(|id| (id, ClientStatus::Timeout)));
    assert_eq!((bench.sent(), bench.scheduler.next_wake()), (Vec::new(), None));
}

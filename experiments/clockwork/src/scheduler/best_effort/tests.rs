//! The baselines against timelines worked by hand.

use super::BestEffort;
use crate::{
    message::{
        ActionKind::{Evict, Load},
        ActionStatus, ClientStatus, GpuId,
    },
    scheduler::{
        Cluster, Event, ServedModel, Settings,
        testing::{Bench, MS, infer, kinds, served},
    },
    time::Nanos,
};

type New = fn(Settings, Cluster, &[ServedModel]) -> anyhow::Result<BestEffort>;

fn bench(new: New, n_gpus: u32, n_models: usize, pages_per_gpu: u32) -> Bench<BestEffort> {
    let cluster = Cluster { n_workers: n_gpus, gpus_per_worker: 1, pages_per_gpu };
    let scheduler = new(Settings::default(), cluster, &vec![served(); n_models]).unwrap();
    Bench::of(scheduler, n_gpus)
}

#[test]
fn fifo_executes_what_waits_in_one_batch_then_the_rest() {
    let mut bench = bench(BestEffort::fifo, 1, 1, 100);
    (0..7).for_each(|_| bench.ask(0));
    let load = bench.sent();
    assert_eq!(kinds(&load), [(0, 0, Load)]);
    assert_eq!((load[0].earliest, load[0].latest), (0, Nanos::MAX));
    bench.carry_out(load[0]);
    let first = bench.sent();
    assert_eq!((kinds(&first), first[0].expected_duration), (vec![(0, 0, infer(4))], 8 * MS));
    bench.carry_out(first[0]);
    // Three are padded to four.
    let rest = bench.sent();
    assert_eq!((kinds(&rest), rest[0].expected_duration), (vec![(0, 0, infer(3))], 8 * MS));
    bench.carry_out(rest[0]);
    assert_eq!(bench.answers(), (0..7).map(|id| (id, ClientStatus::Success)).collect::<Vec<_>>());
    assert_eq!(bench.now, 24 * MS);
}

#[test]
fn fifo_takes_models_in_the_order_of_their_oldest_requests() {
    let mut bench = bench(BestEffort::fifo, 1, 3, 100);
    [2, 0, 1].into_iter().for_each(|model| bench.warm_up(model));
    for model in [2, 0, 2, 1, 0] {
        bench.ask(model);
        bench.pass(bench.now + MS / 10);
    }
    // The first of model 2 goes alone, as nobody else was there; its second came after
    // the first of model 0 and before that of model 1.
    let models = bench.carry_out_all().into_iter().map(|action| action.model.0);
    assert_eq!(models.collect::<Vec<_>>(), [2, 0, 2, 1]);
}

#[test]
fn fifo_answers_what_is_late() {
    let mut bench = bench(BestEffort::fifo, 1, 1, 100);
    bench.ask(0);
    let load = bench.sent();
    bench.pass(500 * MS);
    assert!(bench.answers().is_empty());
    bench.report(load[0], ActionStatus::Success, 492 * MS, 500 * MS);
    bench.carry_out_all();
    assert_eq!(bench.answers(), [(0, ClientStatus::Success)]);
}

#[test]
fn fifo_loads_where_there_is_least_to_do_and_most_room() {
    let mut bench = bench(BestEffort::fifo, 2, 3, 100);
    bench.warm_up(0);
    bench.ask(1);
    bench.ask(2);
    assert_eq!(kinds(&bench.sent()), [(1, 1, Load), (0, 2, Load)]);
}

/// Asks some models, a millisecond apart.
fn ask_in_turn(bench: &mut Bench<BestEffort>, models: &[u32]) {
    for model in models {
        bench.pass(bench.now + MS);
        bench.ask(*model);
    }
}

#[test]
fn fifo_evicts_the_least_recently_used_but_none_that_is_executing() {
    let mut bench = bench(BestEffort::fifo, 1, 4, 21);
    [0, 1, 2].into_iter().for_each(|model| bench.warm_up(model));
    ask_in_turn(&mut bench, &[0, 3]);
    assert_eq!(kinds(&bench.sent()), [(0, 0, infer(1)), (0, 1, Evict), (0, 3, Load)]);
}

#[test]
fn fifo_keeps_who_was_asked_before_and_drops_who_was_asked_later() {
    let mut bench = bench(BestEffort::fifo, 1, 3, 14);
    [0, 1].into_iter().for_each(|model| bench.warm_up(model));
    // While model 0 executes, the weights of model 1 must stay for its request.
    ask_in_turn(&mut bench, &[0, 1, 2, 0]);
    let first = bench.sent();
    assert_eq!(kinds(&first), [(0, 0, infer(1))]);
    // Model 0 is asked again, but later than model 2.
    bench.carry_out(first[0]);
    assert_eq!(kinds(&bench.sent()), [(0, 1, infer(1)), (0, 0, Evict), (0, 2, Load)]);
}

#[test]
fn fifo_evicts_who_nobody_waits_for_before_others() {
    let mut bench = bench(BestEffort::fifo, 1, 6, 35);
    [0, 1, 2].into_iter().for_each(|model| bench.warm_up(model));
    // Two at once are loaded, model 3 thereafter. Meanwhile model 1 executes, and
    // somebody waits for model 0, the least recently used.
    ask_in_turn(&mut bench, &[4, 5, 3, 1, 0]);
    let sent = bench.sent();
    assert_eq!(kinds(&sent), [(0, 4, Load), (0, 5, Load), (0, 1, infer(1))]);
    bench.report(sent[0], ActionStatus::Success, bench.now - 8 * MS, bench.now);
    assert_eq!(kinds(&bench.sent()), [(0, 2, Evict), (0, 3, Load)]);
}

#[test]
fn adaptive_keeps_each_model_on_its_own_gpu() {
    let mut bench = bench(BestEffort::adaptive, 2, 4, 100);
    [1, 3, 2, 0].into_iter().for_each(|model| bench.ask(model));
    let expected = [(1, 1, Load), (1, 3, Load), (0, 2, Load), (0, 0, Load)];
    assert_eq!(kinds(&bench.sent()), expected);
}

#[test]
fn adaptive_batches_grow_while_they_are_fast_enough() {
    let mut bench = bench(BestEffort::adaptive, 1, 1, 100);
    (0..12).for_each(|_| bench.ask(0));
    let n_executed = |bench: &mut Bench<BestEffort>| {
        let sent = bench.sent();
        bench.carry_out(sent[0]);
        kinds(&sent)[0].2
    };
    assert_eq!(n_executed(&mut bench), Load);
    let sizes: Vec<_> = (0..4).map(|_| n_executed(&mut bench)).collect();
    assert_eq!(sizes, [1, 2, 3, 4].map(infer));
    n_executed(&mut bench);
    assert!(bench.sent().is_empty());
    assert_eq!(bench.answers().len(), 12);
}

#[test]
fn adaptive_batches_shrink_when_they_take_longer_than_promised() {
    let mut bench = bench(BestEffort::adaptive, 1, 1, 100);
    // Twice the time of one, 6 ms, is enough for one and two, which take 3 and 5 ms;
    // not for three, which take the 8 ms of four.
    (0..9).for_each(|_| bench.ask_within(0, 2.0));
    let kinds: Vec<_> = bench.carry_out_all().iter().map(|action| action.kind).collect();
    // The limit: 1, 2, 3, then 2.7 and 3.7.
    assert_eq!(kinds, [Load, infer(1), infer(2), infer(3), infer(2), infer(1)]);
}

#[test]
fn those_who_wait_for_weights_that_do_not_come_are_told_so() {
    for new in [BestEffort::fifo as New, BestEffort::adaptive] {
        let mut bench = bench(new, 1, 1, 100);
        bench.ask(0);
        bench.ask(0);
        let load = bench.sent()[0];
        bench.report(load, ActionStatus::LoadInsufficientCache, 0, 0);
        assert_eq!(bench.answers(), [(0, ClientStatus::Error), (1, ClientStatus::Error)]);
        bench.ask(0);
        assert_eq!(kinds(&bench.sent()), [(0, 0, Load)]);
    }
}

#[test]
fn fifo_serves_elsewhere_who_waits_for_a_lost_gpu() {
    let mut bench = bench(BestEffort::fifo, 2, 2, 7);
    bench.ask(0);
    bench.ask(1);
    let loads = bench.sent();
    assert_eq!(kinds(&loads), [(0, 0, Load), (1, 1, Load)]);
    bench.pass(8 * MS);
    loads.into_iter().for_each(|load| bench.report(load, ActionStatus::Success, 0, 8 * MS));
    ask_in_turn(&mut bench, &[0, 1]);
    let first = bench.sent();
    assert_eq!(kinds(&first), [(0, 0, infer(1)), (1, 1, infer(1))]);
    bench.on(Event::Lost(GpuId(0)));
    assert_eq!(bench.answers(), [(0, ClientStatus::Error)]);
    assert_eq!(bench.rows().last().map(|row| row.status), Some(ActionStatus::WorkerLost));
    // There is no room while the other model executes.
    assert!(bench.sent().is_empty());
    bench.report(first[0], ActionStatus::Success, 8 * MS, 10 * MS);
    bench.on(Event::Lost(GpuId(0)));
    assert!(bench.effects.is_empty());
    bench.carry_out(first[1]);
    let rest = kinds(&bench.carry_out_all());
    assert_eq!(rest, [(1, 1, infer(1)), (1, 1, Evict), (1, 0, Load), (1, 0, infer(1))]);
    assert_eq!(bench.answers(), [1, 3, 2].map(|id| (id, ClientStatus::Success)));
}

#[test]
fn adaptive_deals_the_models_of_a_lost_gpu_out_to_the_others() {
    let mut bench = bench(BestEffort::adaptive, 3, 9, 100);
    // Model 4 is being loaded; model 7 waits for one that is.
    [1, 4, 7].into_iter().for_each(|model| bench.ask(model));
    assert_eq!(kinds(&bench.sent()), [(1, 1, Load), (1, 4, Load)]);
    bench.on(Event::Lost(GpuId(1)));
    let loads = bench.sent();
    assert_eq!(kinds(&loads), [(0, 1, Load), (0, 7, Load), (2, 4, Load)]);
    bench.on(Event::Lost(GpuId(2)));
    // Two at once are loaded.
    assert!(bench.sent().is_empty());
    bench.carry_out(loads[0]);
    assert_eq!(kinds(&bench.sent()), [(0, 1, infer(1)), (0, 4, Load)]);
}

#[test]
fn without_any_gpu_nobody_waits() {
    for new in [BestEffort::fifo as New, BestEffort::adaptive] {
        let mut bench = bench(new, 2, 3, 7);
        (0..3).for_each(|model| bench.ask(model));
        bench.on(Event::Lost(GpuId(0)));
        assert!(bench.answers().is_empty());
        bench.on(Event::Lost(GpuId(1)));
        let mut answers = bench.answers();
        answers.sort_unstable_by_key(|(id, _)| *id);
        assert_eq!(answers, [0, 1, 2].map(|id| (id, ClientStatus::Error)));
        bench.ask(0);
        assert_eq!(bench.answers(), [(3, ClientStatus::Error)]);
    }
}

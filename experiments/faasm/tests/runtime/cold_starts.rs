//! Cold starts at an interval, and the count of calls, in both isolations.

use std::sync::Arc;

use faasm::{
    faaslet::WorkerSettings,
    message::{Call, ColdStartInterval, Outcome},
    native::Process,
    scheduler::Limits,
};

use crate::{
    global::Global,
    workers::{Runs as _, end_of, new_call, process, settings, start},
};

fn every(interval: u32, call: Call) -> Call {
    Call { cold_start_interval: ColdStartInterval::new(interval), ..call }
}

fn is_cold(outcome: &Outcome) -> bool {
    assert!(outcome.is_success(), "{outcome:?}");
    outcome.is_cold
}

fn native(process: &Process, interval: u32) -> bool {
    let call = new_call(process.results(), "echo", 0, b"hello");
    is_cold(&process.run(every(interval, call)))
}

#[test]
fn the_first_call_of_a_container_starts_cold_and_every_nth_after() {
    let global = Global::start();
    let process = process(&global, "echo");
    let cold: Vec<_> = (0..5).map(|_| native(&process, 2)).collect();
    assert_eq!(cold, [true, false, true, false, true]);
}

#[test]
fn a_container_that_starts_cold_has_forgotten_its_state() {
    let global = Global::start();
    let process = process(&global, "echo");
    let value = || process.tier().value("u_key", 3).unwrap();
    let before = value();
    assert!(Arc::ptr_eq(&before, &value()));
    assert!(native(&process, 1));
    assert!(!Arc::ptr_eq(&before, &value()));
}

#[test]
fn a_faaslet_binds_again_at_every_nth_call_after_its_first() {
    let global = Global::start();
    let limits = Limits { max_faaslets_per_function: 1, ..settings("a").limits };
    let worker = start(&global, WorkerSettings { limits, ..settings("a") });
    let cold: Vec<_> = (0..5)
        .map(|_| {
            let call = every(2, new_call(worker.results(), "echo", 0, b"hello"));
            let id = call.id;
            worker.submit(call).unwrap();
            is_cold(&end_of(worker.results(), id))
        })
        .collect();
    assert_eq!(cold, [false, false, true, false, true]);
}

#[test]
fn without_an_interval_no_call_is_said_to_start_cold() {
    let global = Global::start();
    let process = process(&global, "echo");
    assert!((0..3).all(|_| !process.run_index("echo", 0, b"hello").is_cold));
}

#[test]
fn chained_calls_are_counted_too() {
    let global = Global::start();
    let (process, worker) = (process(&global, "echo"), start(&global, settings("a")));
    process.run_index("echo", 0, b">hello");
    worker.run_index("echo", 0, b">hello");
    assert_eq!((process.n_executed(), worker.n_executed()), (2, 2));
}

//! Cold starts through the real worker: from a call's arrival to its result in
//! the state tier, for a function that does nothing.
//!
//! `warm` finds a Faaslet that is bound and restored. `proto_faaslet` finds
//! none: two functions take turns on one thread, so each call ends the other's
//! Faaslet, binds a new one and starts its guest from the Proto-Faaslet.
//! `new_on_host` has to fetch the machine code from the state tier as well, as
//! on a host that has never run the function. What `proto_faaslet` adds to
//! `warm` is the cold start; what the sandbox alone takes is in its own
//! benchmark.

#[path = "../tests/runtime/global.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[expect(clippy::unwrap_used, reason = "shared with the tests, where a failed unwrap is a failure")]
mod global;
#[path = "../tests/runtime/workers.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[expect(clippy::unwrap_used, reason = "shared with the tests, where a failed unwrap is a failure")]
mod workers;

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use faasm::{
    faaslet::{Worker, WorkerSettings},
    scheduler::Limits,
};
use global::Global;
use workers::{function, guest, new_call, settings, success};

const N_TURNS: usize = 400;

/// Two functions, as each must push the other from the only thread.
const FUNCTIONS: [&str; 2] = ["one", "other"];

fn cold_start(criterion: &mut Criterion) {
    let global = Global::start();
    let worker = worker(&global);
    let mut nth = 0;
    let mut warm = || invoke(&worker, FUNCTIONS[0]);
    let mut proto_faaslet = || {
        nth += 1;
        invoke(&worker, FUNCTIONS[nth % FUNCTIONS.len()])
    };
    let mut new_on_host = || {
        worker.flush();
        invoke(&worker, FUNCTIONS[0])
    };

    let mut group = criterion.benchmark_group("cold_start");
    for (name, run) in [
        ("warm", &mut warm as &mut dyn FnMut() -> Duration),
        ("proto_faaslet", &mut proto_faaslet),
        ("new_on_host", &mut new_on_host),
    ] {
        run();
        group.bench_function(name, |bencher| bencher.iter_custom(|n| (0..n).map(|_| run()).sum()));
    }
    group.finish();
    report(&worker);
}

/// Takes turns, so that all see the same machine, and compares the medians.
fn report(worker: &Worker) {
    let [mut warm, mut proto_faaslet, mut new_on_host] = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..N_TURNS {
        proto_faaslet.push(invoke(worker, FUNCTIONS[1]));
        proto_faaslet.push(invoke(worker, FUNCTIONS[0]));
        warm.push(invoke(worker, FUNCTIONS[0]));
        worker.flush();
        new_on_host.push(invoke(worker, FUNCTIONS[0]));
        // It has fetched the program, which the next turn's cold starts share.
    }
    let [warm_us, proto_us, new_us] = [warm, proto_faaslet, new_on_host].map(median_us);
    let added_us = proto_us - warm_us;
    eprintln!(
        "cold_start, median: warm {warm_us:.0} us, proto_faaslet {proto_us:.0} us \
         ({added_us:.0} us more), new_on_host {new_us:.0} us"
    );
}

fn median_us(mut runs: Vec<Duration>) -> f64 {
    runs.sort();
    runs[runs.len() / 2].as_secs_f64() * 1e6
}

fn invoke(worker: &Worker, name: &str) -> Duration {
    let call = new_call(worker.results(), name, 0, b"");
    let began = Instant::now();
    let outcome = worker.invoke(call).expect("the state tier is up");
    let took = began.elapsed();
    assert_eq!(outcome, success(b""));
    took
}

/// A worker with one thread, on which both functions run.
fn worker(global: &Global) -> Worker {
    let limits = Limits { local_only: true, max_faaslets_per_function: 1, ..settings("a").limits };
    let settings = WorkerSettings { limits, threads_max: 1, ..settings("a") };
    let worker = Worker::start(settings, &global.pool()).expect("there is address space");
    for name in FUNCTIONS {
        let accepted =
            worker.programs().accept(&function(name), &guest("noop"), worker.functions());
        accepted.expect("the committed guest runs");
    }
    worker
}

criterion_group!(benches, cold_start);
criterion_main!(benches);

//! The inner loop of the training guest: wasm against native, per weight update.
//!
//! One step over 20,000 documents on one thread, with the dirty mask on and,
//! in wasm, interruption by epochs. What both pay alike is included: the
//! prediction of every document after the pass, one push of the weights, and
//! the call itself, together a few percent. So is what only wasm pays: mapping
//! the documents into the guest. The goal is a ratio of at most 1.3.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use faasm::{
    faaslet::{Worker, WorkerSettings},
    message::{Call, Function, Outcome},
    native::{ChainedCalls, Process, ProcessSettings},
    rcv1::{Generator, Matrix},
    results::Results,
    scheduler::Limits,
};
use kv::{BackgroundServer, Pool};
use node::Meter;

const N_DOCUMENTS: i32 = 20_000;
const GUEST: &[u8] = include_bytes!("../../../fixtures/guests/reuters_svm.wasm");
const N_TURNS: usize = 101;
const LIMIT: Duration = Duration::from_secs(60);

fn sgd_step(criterion: &mut Criterion) {
    let server = BackgroundServer::start(Meter::shared()).expect("loopback has a free port");
    let pool = || Arc::new(Pool::new(server.address(), &Meter::shared()));
    let n_updates = load(&pool());
    let results = Results::new(pool());
    let worker = worker(&pool());
    let process = Process::new(
        ProcessSettings {
            function: function(),
            chained_timeout: LIMIT,
            cold_start_delay: Duration::ZERO,
            seed: 7,
        },
        &pool(),
        NoChaining,
    );
    let process = process.expect("the guest is linked in");

    let mut group = criterion.benchmark_group("sgd_step");
    group.sample_size(20).throughput(criterion::Throughput::Elements(n_updates));
    group.bench_function("wasm", |bencher| {
        bencher
            .iter_custom(|n| timed(n, || worker.invoke(step(&results)).expect("the worker runs")));
    });
    group.bench_function("native", |bencher| {
        bencher.iter_custom(|n| timed(n, || process.run(step(&results))));
    });
    group.finish();
    report(&worker, &process, &results, n_updates);
}

/// Takes turns and compares each run with its neighbour: other load comes and goes, and mostly hits both.
fn report(worker: &Worker, process: &Process, results: &Results, n_updates: u64) {
    let per_update_ns = |run: Duration| run.as_secs_f64() * 1e9 / n_updates as f64;
    let (mut wasm, mut native, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        let wasm_run = timed(1, || worker.invoke(step(results)).expect("the worker runs"));
        let native_run = timed(1, || process.run(step(results)));
        wasm.push(per_update_ns(wasm_run));
        native.push(per_update_ns(native_run));
        ratios.push(wasm_run.as_secs_f64() / native_run.as_secs_f64());
    }
    let [wasm_ns, native_ns, ratio] = [wasm, native, ratios].map(median);
    eprintln!(
        "sgd_step, median of {N_TURNS} pairs: {ratio:.3} (wasm {wasm_ns:.2} ns, native {native_ns:.2} ns per update)"
    );
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

fn timed(n_runs: u64, mut run: impl FnMut() -> Outcome) -> Duration {
    let began = Instant::now();
    for _ in 0..n_runs {
        let outcome = run();
        assert!(outcome.is_success(), "{}", String::from_utf8_lossy(&outcome.output));
    }
    began.elapsed()
}

/// Stores the documents and the parameters; returns the updates of a step.
fn load(global: &Pool) -> u64 {
    let documents = Generator::new(7).documents(N_DOCUMENTS as usize);
    let matrix = Matrix::from_documents(&documents).expect("they fit the layout");
    let mut client = global.get().expect("the server is up");
    for (part, bytes) in matrix.parts() {
        client.set(format!("u_{}", part.key), bytes).expect("the server is up");
    }
    let integers = [1, N_DOCUMENTS, documents.n_features() as i32, N_DOCUMENTS];
    let floats = [0.1_f32, 1.0, 0.8].map(f32::to_le_bytes);
    // It is never reached: the only push is the one at the end.
    let ends = [1, i32::MAX].map(i32::to_le_bytes);
    let words = integers.map(i32::to_le_bytes).into_iter().chain(floats).chain(ends);
    client.set("u_params", &words.flatten().collect::<Vec<u8>>()).expect("the server is up");
    documents.n_values() as u64
}

fn function() -> Function {
    Function::new("u", "reuters_svm").expect("a valid name")
}

fn step(results: &Results) -> Call {
    let input = [0, 0, N_DOCUMENTS, 0].map(i32::to_le_bytes).concat();
    let id = results.new_id().expect("the server is up");
    Call {
        id,
        function: function(),
        index: 1,
        input,
        seed: 7,
        hops: 0,
        depth: 0,
        cold_start_interval: None,
    }
}

fn worker(global: &Arc<Pool>) -> Worker {
    let settings = WorkerSettings {
        host: "bench".to_owned(),
        limits: Limits {
            max_in_flight_ratio: 1.0,
            max_faaslets_per_function: 1,
            max_hops: 0,
            local_only: true,
        },
        threads_max: 1,
        bound_timeout: LIMIT,
        call_limit: LIMIT,
        chained_timeout: LIMIT,
        memory_max_bytes: 64 << 20,
        seed: 7,
        record: None,
    };
    let worker = Worker::start(settings, global).expect("there is address space for 8 guests");
    let accepted = worker.programs().accept(&function(), GUEST, worker.functions());
    accepted.expect("the committed guest runs");
    worker
}

struct NoChaining;

impl ChainedCalls for NoChaining {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        anyhow::bail!("a step chains nothing, but call {} came", call.id)
    }
}

criterion_group!(benches, sgd_step);
criterion_main!(benches);

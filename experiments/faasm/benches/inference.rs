//! Classifying an image with MobileNet v1: wasm against native, on one thread.
//!
//! A call on a warm function, from its message to its result: decoding and
//! scaling the image, the forward pass, the five likeliest classes. Natively
//! that includes the copy of the model that each call makes, in wasm the
//! mapping of the shared one. The runs take turns and each is compared with its
//! neighbour: other load comes and goes, and mostly hits both. The goal is a
//! wasm that takes at most 1.5 times as long as the same source compiled for
//! any x86-64.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use faasm::{
    faaslet::{Worker, WorkerSettings},
    message::{Call, Function, Outcome},
    native::{ChainedCalls, Process, ProcessSettings, on_baseline},
    results::Results,
    scheduler::Limits,
};
use kv::{BackgroundServer, Pool};
use nn::{Architecture, Network, generate_bitmap};
use node::Meter;

const GUEST: &[u8] = include_bytes!("../../../fixtures/guests/mobilenet.wasm");
const N_TURNS: usize = 41;
const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let server = BackgroundServer::start(Meter::shared()).expect("loopback has a free port");
    let pool = || Arc::new(Pool::new(server.address(), &Meter::shared()));
    let model = Network::generate(Architecture::MOBILENET_V1, 7);
    load(&pool(), &model);
    let results = Results::new(pool());
    let worker = worker(&pool());
    let settings = ProcessSettings {
        function: function(),
        chained_timeout: LIMIT,
        cold_start_delay: Duration::ZERO,
        seed: 7,
    };
    let process = Process::new(settings, &pool(), NoChaining).expect("the guest is linked in");

    let wasm = || timed(|| worker.invoke(call(&results)).expect("the worker runs"));
    let native = || timed(|| process.run(call(&results)));
    let baseline = || on_baseline(native);
    compare(("wasm", &wasm), ("native for any x86-64", &baseline));
    compare(("wasm", &wasm), ("native for this machine", &native));
}

type Run<'a> = (&'a str, &'a dyn Fn() -> Duration);

fn compare((name_a, run_a): Run<'_>, (name_b, run_b): Run<'_>) {
    let (mut times_a, mut times_b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        let (a, b) = (run_a().as_secs_f64(), run_b().as_secs_f64());
        times_a.push(a * 1e3);
        times_b.push(b * 1e3);
        ratios.push(a / b);
    }
    let [ms_a, ms_b, ratio] = [times_a, times_b, ratios].map(median);
    eprintln!(
        "inference, median of {N_TURNS} pairs: {ratio:.3} ({name_a} {ms_a:.2} ms, {name_b} {ms_b:.2} ms)"
    );
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn timed(run: impl FnOnce() -> Outcome) -> Duration {
    let began = Instant::now();
    let outcome = run();
    assert!(outcome.is_success(), "{}", String::from_utf8_lossy(&outcome.output));
    began.elapsed()
}

fn load(global: &Pool, model: &Network) {
    let mut client = global.get().expect("the server is up");
    let image = generate_bitmap(517, 606, 7);
    for (key, bytes) in [("u_mobilenet_v1", model.to_flat()), ("u_image", image)] {
        client.set(key, &bytes).expect("the server is up");
    }
}

fn function() -> Function {
    Function::new("u", "mobilenet").expect("a valid name")
}

fn call(results: &Results) -> Call {
    let id = results.new_id().expect("the server is up");
    Call {
        id,
        function: function(),
        index: 0,
        input: Vec::new(),
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
        anyhow::bail!("a classification chains nothing, but call {} came", call.id)
    }
}

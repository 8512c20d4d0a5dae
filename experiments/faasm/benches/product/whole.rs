//! The whole multiplication in both isolations against one process's product by
//! the library on as many cores.
//!
//! Divided twice, as the paper does: 73 calls, whose blocks come from a state
//! tier and whose results go there, over loopback. Runtimes are fresh in every
//! turn, as in a trial of the experiment; its HTTP between gateway and containers
//! is left out. Every product is checked.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use faasm::{
    faaslet::{Worker, WorkerSettings},
    matrices::{Factor, Layout, check, generate},
    message::{Call, Function, Outcome},
    native::{ChainedCalls, Process, ProcessSettings},
    results::Results,
    scheduler::Limits,
};
use kv::{BackgroundServer, Pool};
use node::Meter;

use super::{median, timed};

const GUEST: &[u8] = include_bytes!("../../../../fixtures/guests/mat_mul.wasm");
const USER: &str = "u";
/// The paper's.
const N_SPLITS: u32 = 2;
/// Calls that wait for what they chained, each in a process of its own.
const N_WAITING: usize = 9;
const LIMIT: Duration = Duration::from_secs(600);

/// Compares for matrices of `size` rows, a multiple of four, in `n_turns` turns.
pub(super) fn compare(size: usize, n_turns: usize) {
    let layout = Layout::new(size, N_SPLITS).expect("the size is a multiple of four");
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    generate(layout, 7, dir.path()).expect("there is room for the matrices");
    let read = |factor| layout.matrix(dir.path(), factor).expect("they were just written");
    let (left, right) = (read(Factor::A), read(Factor::B));
    let mut times = [vec![], vec![], vec![]];
    for _ in 0..n_turns {
        let theirs = timed(|| drop(their_product(size, &left, &right)));
        let ours = [theirs, native(dir.path()), wasm(dir.path())];
        times.iter_mut().zip(ours).for_each(|(times, time)| times.push(time));
    }
    let ratio = |ours: &[f64]| median(ours.iter().zip(&times[0]).map(|(a, b)| a / b).collect());
    let (native, wasm) = (ratio(&times[1]), ratio(&times[2]));
    let [theirs_ms, native_ms, wasm_ms] = times.map(|times| 1e3 * median(times));
    eprintln!(
        "whole multiplication of {size} x {size} on {} cores, median of {n_turns} turns: native \
         {native:.3}, wasm {wasm:.3} of matrixmultiply's time (native {native_ms:.0} ms, wasm \
         {wasm_ms:.0} ms, matrixmultiply {theirs_ms:.0} ms)",
        n_cores()
    );
}

/// As many calls as multiply at once, on either side.
fn n_cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The library's product, a band of rows on each core.
fn their_product(size: usize, left: &[f32], right: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; size * size];
    let band = size.div_ceil(n_cores()) * size;
    thread::scope(|scope| {
        for (left, output) in left.chunks(band).zip(output.chunks_mut(band)) {
            scope.spawn(move || super::add_their_product(size, left, right, output));
        }
    });
    output
}

/// How long it takes natively, in seconds.
fn native(matrices: &Path) -> f64 {
    let global = Global::with(matrices);
    let all = Processes::default();
    for _ in 0..N_WAITING + n_cores() {
        let settings = ProcessSettings {
            function: function(),
            chained_timeout: LIMIT,
            cold_start_delay: Duration::ZERO,
            seed: 7,
        };
        let process = Process::new(settings, &global.pool(), all.clone());
        all.lock().push(process.expect("the guest is linked in"));
    }
    let first = all.lock()[0].clone();
    let call = new_call(first.results());
    let took = global.checked(matrices, || first.run(call));
    // Processes and what they chain through own each other.
    all.lock().clear();
    took
}

/// How long it takes in wasm, in seconds.
fn wasm(matrices: &Path) -> f64 {
    let global = Global::with(matrices);
    let worker = Worker::start(worker_settings(), &global.pool()).expect("address space suffices");
    let accepted = worker.programs().accept(&function(), GUEST, worker.functions());
    accepted.expect("the committed guest runs");
    let call = new_call(worker.results());
    global.checked(matrices, || worker.invoke(call).expect("the worker runs"))
}

/// The defaults of the role `worker`.
fn worker_settings() -> WorkerSettings {
    WorkerSettings {
        host: "bench".to_owned(),
        limits: Limits {
            max_in_flight_ratio: 1.0,
            max_faaslets_per_function: 6,
            max_hops: 3,
            local_only: true,
        },
        threads_max: 40,
        bound_timeout: LIMIT,
        call_limit: LIMIT,
        chained_timeout: LIMIT,
        memory_max_bytes: 256 << 20,
        seed: 7,
        record: None,
    }
}

fn function() -> Function {
    Function::new(USER, "mat_mul").expect("a valid name")
}

fn new_call(results: &Results) -> Call {
    Call {
        id: results.new_id().expect("the server is up"),
        function: function(),
        index: 0,
        input: vec![],
        seed: 7,
        hops: 0,
        depth: 0,
        cold_start_interval: None,
    }
}

/// A state tier of one multiplication's own.
struct Global(BackgroundServer);

impl Global {
    fn with(matrices: &Path) -> Self {
        let server = BackgroundServer::start(Meter::shared()).expect("loopback has a free port");
        let global = Self(server);
        let pool = global.pool();
        let mut client = pool.get().expect("the server is up");
        for file in std::fs::read_dir(matrices).expect("it was just written") {
            let path = file.expect("it was just written").path();
            let key = path.file_name().expect("a file has a name").to_string_lossy();
            let block = std::fs::read(&path).expect("it was just written");
            client.set(format!("{USER}_{key}"), &block).expect("the server is up");
        }
        global
    }

    fn pool(&self) -> Arc<Pool> {
        Arc::new(Pool::new(self.0.address(), &Meter::shared()))
    }

    /// How long `run` takes in seconds; the product is checked after that.
    fn checked(&self, matrices: &Path, run: impl FnOnce() -> Outcome) -> f64 {
        let began = Instant::now();
        let outcome = run();
        let took = began.elapsed().as_secs_f64();
        assert!(outcome.is_success(), "{}", String::from_utf8_lossy(&outcome.output));
        let result =
            self.pool().get().and_then(|mut client| client.get(format!("{USER}_result_matrix")));
        let result = result.expect("the server is up").expect("the call has pushed its result");
        check(matrices, &result).expect("the product is right");
        took
    }
}

/// Stands in for the gateway: chained calls go to the processes in turn.
#[derive(Clone, Default)]
struct Processes(Arc<Mutex<Vec<Process>>>);

impl Processes {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChainedCalls for Processes {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        let mut processes = self.lock();
        processes.rotate_left(1);
        processes[0].submit(call)
    }
}

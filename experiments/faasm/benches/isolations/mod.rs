//! One function in both isolations, each on one thread, for benchmarks that
//! compare them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use faasm::{
    faaslet::{Worker, WorkerSettings},
    message::{Call, Function, Outcome},
    native::{ChainedCalls, Process, ProcessSettings},
    results::Results,
    scheduler::Limits,
};
use kv::{BackgroundServer, Pool};
use node::Meter;

const LIMIT: Duration = Duration::from_secs(60);

/// The owner of the function and its state.
pub(crate) const USER: &str = "u";

/// A worker and a native process of the same function, on the same state tier.
pub(crate) struct Isolations {
    function: Function,
    results: Results,
    worker: Worker,
    process: Process,
    _server: BackgroundServer,
}

impl Isolations {
    /// Starts both for the guest `name`, on the state that `store` puts there.
    pub(crate) fn start(name: &str, wasm: &[u8], store: impl FnOnce(&Pool)) -> Self {
        let server = BackgroundServer::start(Meter::shared()).expect("loopback has a free port");
        let pool = || Arc::new(Pool::new(server.address(), &Meter::shared()));
        store(&pool());
        let function = Function::new(USER, name).expect("a valid name");
        Self {
            results: Results::new(pool()),
            worker: worker(&pool(), &function, wasm),
            process: process(&pool(), &function),
            function,
            _server: server,
        }
    }

    /// How long a call takes in wasm.
    pub(crate) fn wasm(&self, index: u32, input: &[u8]) -> Duration {
        let call = self.call(index, input);
        timed(|| self.worker.invoke(call).expect("the worker runs"))
    }

    /// How long it takes natively.
    pub(crate) fn native(&self, index: u32, input: &[u8]) -> Duration {
        let call = self.call(index, input);
        timed(|| self.process.run(call))
    }

    fn call(&self, index: u32, input: &[u8]) -> Call {
        Call {
            id: self.results.new_id().expect("the server is up"),
            function: self.function.clone(),
            index,
            input: input.to_vec(),
            seed: 7,
            hops: 0,
            depth: 0,
            cold_start_interval: None,
        }
    }
}

/// The middle of some measurements.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn timed(run: impl FnOnce() -> Outcome) -> Duration {
    let began = Instant::now();
    let outcome = run();
    let took = began.elapsed();
    assert!(outcome.is_success(), "{}", String::from_utf8_lossy(&outcome.output));
    took
}

fn process(global: &Arc<Pool>, function: &Function) -> Process {
    let settings = ProcessSettings {
        function: function.clone(),
        chained_timeout: LIMIT,
        cold_start_delay: Duration::ZERO,
        seed: 7,
    };
    Process::new(settings, global, NoChaining).expect("the guest is linked in")
}

fn worker(global: &Arc<Pool>, function: &Function, wasm: &[u8]) -> Worker {
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
    let accepted = worker.programs().accept(function, wasm, worker.functions());
    accepted.expect("the committed guest runs");
    worker
}

struct NoChaining;

impl ChainedCalls for NoChaining {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        anyhow::bail!("what is measured chains nothing, but call {} came", call.id)
    }
}

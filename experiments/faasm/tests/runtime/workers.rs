//! Wasm workers and native processes of a test's own, and calls on them.

use std::time::Duration;

use faasm::{
    faaslet::{Worker, WorkerSettings},
    message::{Call, CallId, Function, Outcome},
    native::{ChainedCalls, Process, ProcessSettings},
    results::Results,
    scheduler::Limits,
};

use crate::global::Global;

const PATIENCE: Duration = Duration::from_secs(60);

/// The user of every test's functions and state.
pub(crate) const USER: &str = "u";

/// The committed wasm of a guest.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let guests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/guests");
    std::fs::read(format!("{guests}/{name}.wasm")).unwrap()
}

pub(crate) fn function(name: &str) -> Function {
    Function::new(USER, name).unwrap()
}

pub(crate) fn settings(host: &str) -> WorkerSettings {
    WorkerSettings {
        host: host.to_owned(),
        limits: Limits {
            max_in_flight_ratio: 1.0,
            max_faaslets_per_function: 4,
            max_hops: 3,
            local_only: false,
        },
        threads_max: 8,
        bound_timeout: Duration::from_secs(30),
        call_limit: Duration::from_secs(30),
        chained_timeout: Duration::from_secs(30),
        memory_max_bytes: 16 << 20,
        seed: 7,
        record: None,
    }
}

/// A worker for the committed guests.
pub(crate) fn start(global: &Global, settings: WorkerSettings) -> Worker {
    let worker = Worker::start(settings, &global.pool()).unwrap();
    let names = ["noop", "echo", "trap", "spin", "exhaust", "reuters_svm", "mat_mul", "mobilenet"];
    for name in names {
        worker.functions().store(&function(name), &guest(name)).unwrap();
    }
    worker
}

pub(crate) fn new_call(results: &Results, name: &str, index: u32, input: &[u8]) -> Call {
    Call {
        id: results.new_id().unwrap(),
        function: function(name),
        index,
        input: input.to_vec(),
        seed: 7,
        hops: 0,
        cold_start_interval: None,
        depth: 0,
    }
}

pub(crate) fn end_of(results: &Results, id: CallId) -> Outcome {
    results.wait(id, PATIENCE).unwrap().expect("the call ends")
}

/// Something that runs calls, in either isolation.
pub(crate) trait Runs {
    fn run_index(&self, name: &str, index: u32, input: &[u8]) -> Outcome;

    fn run(&self, name: &str, input: &[u8]) -> Outcome {
        self.run_index(name, 0, input)
    }
}

impl Runs for Worker {
    fn run_index(&self, name: &str, index: u32, input: &[u8]) -> Outcome {
        let call = new_call(self.results(), name, index, input);
        let id = call.id;
        self.submit(call).unwrap();
        end_of(self.results(), id)
    }
}

impl Runs for Process {
    fn run_index(&self, name: &str, index: u32, input: &[u8]) -> Outcome {
        Self::run(self, new_call(self.results(), name, index, input))
    }
}

/// A native process whose chained calls come back to itself.
pub(crate) fn process(global: &Global, name: &str) -> Process {
    let to_itself = ToProcesses::default();
    let process = Process::new(process_settings(name), &global.pool(), to_itself.clone()).unwrap();
    to_itself.add(process.clone());
    process
}

pub(crate) fn process_settings(name: &str) -> ProcessSettings {
    ProcessSettings {
        function: function(name),
        chained_timeout: Duration::from_secs(30),
        cold_start_delay: Duration::ZERO,
        seed: 7,
    }
}

/// Stands in for the gateway: chained calls go to the processes in turn.
#[derive(Clone, Default)]
pub(crate) struct ToProcesses(std::sync::Arc<std::sync::Mutex<Vec<Process>>>);

impl ToProcesses {
    pub(crate) fn add(&self, process: Process) {
        self.0.lock().unwrap().push(process);
    }
}

impl ChainedCalls for ToProcesses {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        let mut processes = self.0.lock().unwrap();
        processes.rotate_left(1);
        processes[0].submit(call)
    }
}

pub(crate) fn success(output: &[u8]) -> Outcome {
    Outcome::of(0, output.to_vec())
}

pub(crate) fn text(outcome: Outcome) -> String {
    String::from_utf8(outcome.output).unwrap()
}

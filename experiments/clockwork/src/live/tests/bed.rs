//! Workers and a controller in threads of the test.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use crate::{
    live::{
        Clock,
        client::{Client, Sent},
        clock::spawn,
        controller::{Config, Controller, Stopper},
        worker::{self, HostMemory, MakeDevice, Worker},
    },
    message::{ClientStatus, Request, Response},
    models::Catalogue,
    scheduler::{Policy, Settings},
    simulation::{Log, Outcome},
    telemetry::{ActionRow, RequestRow},
    time::{MILLISECOND, Nanos, SECOND},
    worker::{CacheSize, EmulatedDevice},
    workload::{Arrival, Instances, Workload, poisson_open_loops},
};

/// Both logs, as rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) requests: Vec<RequestRow>,
    pub(super) actions: Vec<ActionRow>,
}

impl Log for Rows {
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()> {
        self.requests.push(*row);
        Ok(())
    }

    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()> {
        self.actions.push(*row);
        Ok(())
    }
}

impl Rows {
    pub(super) fn n_with(&self, status: ClientStatus) -> usize {
        self.requests.iter().filter(|row| row.result == status).count()
    }
}

/// A controller that runs in a thread.
pub(super) struct Running {
    pub(super) address: String,
    stopper: Stopper,
    thread: JoinHandle<()>,
    end: Arc<Mutex<Option<End>>>,
}

/// What a controller came to, and its logs.
type End = (anyhow::Result<Outcome>, Rows);

impl Running {
    /// Starts one for these workers.
    pub(super) fn of(workers: &[String]) -> Self {
        Self::with(config(workers))
    }

    pub(super) fn with(config: Config) -> Self {
        let controller = Controller::start(config, Clock::of_day()).unwrap();
        let (address, stopper) = (controller.address().to_string(), controller.stopper());
        let end = Arc::new(Mutex::new(None));
        let result = Arc::clone(&end);
        let run = move || {
            let mut rows = Rows::default();
            let outcome = controller.run(&mut rows).map(|ended| ended.outcome);
            *result.lock().unwrap() = Some((outcome, rows));
        };
        let thread = spawn("controller", run).unwrap();
        Self { address, stopper, thread, end }
    }

    /// Ends it, and gives what it came to with its logs.
    pub(super) fn stop(self) -> End {
        self.stopper.stop();
        self.wait()
    }

    /// Waits until it ends by itself.
    pub(super) fn wait(self) -> End {
        self.thread.join().unwrap();
        self.end.lock().unwrap().take().unwrap()
    }
}

/// A controller of these workers, on some port.
pub(super) fn config(workers: &[String]) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        workers: workers.to_vec(),
        policy: Policy::Infer4,
        settings: Settings::default(),
        max_gpus: 100,
        generate_inputs: false,
        // This machine may be busy with other tests.
        worker_timeout: 3 * SECOND,
        record: None,
        seed: 0,
    }
}

/// With objectives that a busy machine meets too, and time for inputs to come.
pub(super) fn patient(workers: &[String]) -> Config {
    let mut config = config(workers);
    config.settings.schedule_ahead = 500 * MILLISECOND;
    config.settings.default_slo = 5 * SECOND;
    config
}

/// Where a recording goes that a test makes.
pub(super) fn recorded(workers: &[String], path: PathBuf) -> Config {
    Config { record: Some(path), ..config(workers) }
}

/// A worker of one exact GPU.
pub(super) fn exact_worker() -> String {
    exact_worker_of(1)
}

/// A worker of several.
pub(super) fn exact_worker_of(n_gpus: u32) -> String {
    worker_of(n_gpus, Clock::of_day(), 60, Box::new(|_, _| Ok(Box::new(EmulatedDevice::exact()))))
}

/// A worker of one GPU with a clock and a device of its own, which runs until the test's end.
pub(super) fn worker_with(clock: Clock, n_pages: u32, make: Box<MakeDevice>) -> String {
    worker_of(1, clock, n_pages, make)
}

fn worker_of(n_gpus: u32, clock: Clock, n_pages: u32, make: Box<MakeDevice>) -> String {
    let varieties = Catalogue::published().deployed().cloned().collect();
    let cache = CacheSize { n_pages, ..CacheSize::V100_32GB };
    let memory = HostMemory { varieties, bytes: 2_000_000_000, cache };
    let config = worker::Config { n_gpus, memory };
    let worker = Worker::listen("127.0.0.1:0".parse().unwrap(), config, clock, make).unwrap();
    let address = worker.address().unwrap().to_string();
    spawn("worker", move || worker.serve()).unwrap();
    address
}

/// Poisson arrivals at copies of resnet50_v2.
pub(super) fn poisson(n_models: u32, rate_per_s: f64, seed: u64) -> Box<dyn Workload> {
    Box::new(poisson_open_loops("resnet50_v2", n_models, rate_per_s, seed))
}

/// A client that has sent a workload to a controller for a time.
pub(super) fn send(controller: &Running, workload: &mut dyn Workload, duration: Nanos) -> Sent {
    let mut client = Client::connect(&controller.address, Clock::of_day()).unwrap();
    client.load(workload.instances()).unwrap();
    client.run(workload, Some(duration), None).unwrap()
}

/// A few requests at once, and what was answered.
pub(super) struct Burst {
    instances: Instances,
    n_left: u64,
    pub(super) answers: Vec<Response>,
}

impl Burst {
    pub(super) fn of(n_requests: u64) -> Self {
        let instances = Instances::of("resnet50_v2", 1);
        Self { instances, n_left: n_requests, answers: Vec::new() }
    }
}

impl Workload for Burst {
    fn instances(&self) -> &Instances {
        &self.instances
    }

    fn next_at(&self) -> Option<Nanos> {
        (self.n_left > 0).then_some(MILLISECOND)
    }

    fn send(&mut self) -> Option<Arrival> {
        self.n_left = self.n_left.checked_sub(1)?;
        let model = self.instances.models().next()?;
        let request = Request { id: self.n_left, user_id: 0, model, slo_factor: 0.0 };
        Some(Arrival { at: MILLISECOND, request })
    }

    fn answered(&mut self, _: Nanos, response: &Response) {
        self.answers.push(*response);
    }
}

//! How many requests a second a live controller gets through, over loopback: a client, a
//! controller and a worker with emulated GPUs in one process, on the cores that there
//! are. The goal is 30,000 on two.
//!
//! The rate is raised step by step. Of each it is shown how many answers came in time,
//! how late the client sent, and the processor's time per request for all three roles.

use std::{sync::Arc, thread};

use anyhow::Context as _;
use clockwork::{
    live::{
        Clock,
        client::Client,
        controller::{Config, Controller},
        worker::{self, HostMemory, Worker},
    },
    message::ClientStatus,
    models::Catalogue,
    scheduler::{Policy, Settings},
    simulation::Log,
    telemetry::{ActionRow, RequestRow},
    time::{MILLISECOND, SECOND},
    worker::{CacheSize, EmulatedDevice, Noise},
    workload::{Parts, Workload, by_name},
};
use rustix::time::{ClockId, clock_gettime};

/// Enough for 75,000 requests a second of this variety in full batches.
const N_GPUS: u32 = 24;
const VARIETY: &str = "winograd_resnet18_v2";
const SECONDS: u64 = 5;

/// Both logs are read and thrown away.
struct Nowhere;

impl Log for Nowhere {
    fn request(&mut self, _: &RequestRow) -> anyhow::Result<()> {
        Ok(())
    }

    fn action(&mut self, _: &ActionRow) -> anyhow::Result<()> {
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let cores = thread::available_parallelism().context("count the cores")?;
    eprintln!("{cores} cores, {N_GPUS} emulated GPUs of one worker, {SECONDS} s each");
    for rate_per_s in [10_000, 20_000, 30_000, 40_000, 50_000, 60_000] {
        measure(rate_per_s)?;
    }
    Ok(())
}

fn measure(rate_per_s: u32) -> anyhow::Result<()> {
    let worker = worker()?;
    let workers = vec![worker.address()?.to_string()];
    thread::spawn(move || worker.serve());
    let controller = Controller::start(config(workers), Clock::of_day())?;
    let (address, stopper) = (controller.address().to_string(), controller.stopper());
    let serving = thread::spawn(move || controller.run(&mut Nowhere));
    let mut workload = workload(rate_per_s)?;
    let mut client = Client::connect(&address, Clock::of_day())?;
    client.load(workload.instances())?;
    let used_ns = processor_ns();
    let sent = client.run(workload.as_mut(), Some(SECONDS * SECOND), None)?;
    let used_ns = processor_ns() - used_ns;
    stopper.stop();
    serving.join().expect("the controller does not panic")?;
    let in_time = sent.n_with(ClientStatus::Success) as f64 / sent.n_requests as f64;
    let ms = |nanos: u64| nanos as f64 / MILLISECOND as f64;
    eprintln!(
        "{rate_per_s:>6}/s: {:.2} % succeed, latency p50 {:.1} ms, p99 {:.1} ms; sent late p99 \
         {:.2} ms; {:.1} us of processor a request",
        100.0 * in_time,
        ms(sent.latency_ns.p50),
        ms(sent.latency_ns.p99),
        ms(sent.late_ns.p99),
        used_ns as f64 / 1e3 / sent.n_requests as f64,
    );
    Ok(())
}

fn worker() -> anyhow::Result<Worker> {
    let varieties = Catalogue::published().deployed().cloned().collect();
    let cache = CacheSize::V100_32GB;
    let memory = HostMemory { varieties, bytes: u64::MAX, cache };
    let config = worker::Config { n_gpus: N_GPUS, memory };
    let device = |gpu, _| {
        let device = EmulatedDevice::noisy(Noise::V100, u64::from(gpu));
        Ok(Box::new(device) as worker::AnyDevice)
    };
    Worker::listen("127.0.0.1:0".parse()?, config, Clock::of_day(), Box::new(device))
}

fn config(workers: Vec<String>) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().expect("it is an address"),
        workers,
        policy: Policy::Infer4,
        settings: Settings::default(),
        max_gpus: N_GPUS,
        generate_inputs: false,
        worker_timeout: SECOND,
        record: None,
        seed: 1,
    }
}

/// Objectives of about 100 ms, for so many models that all fit into memory.
fn workload(rate_per_s: u32) -> anyhow::Result<Box<dyn Workload>> {
    let (rate, period) = (rate_per_s.to_string(), "600");
    let words = ["slo-exp-1", VARIETY, "120", "poisson", &rate, "100", "100", "2", "mul", period];
    let varieties: Arc<[String]> = Arc::new([]);
    let day = |_| anyhow::bail!("nothing is replayed");
    by_name(&words, &Parts { varieties: &varieties, day: &day, seed: 1 })
}

/// What this process has used of all cores.
fn processor_ns() -> u64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as u64 * SECOND + used.tv_nsec as u64
}

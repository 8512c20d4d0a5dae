//! How long each policy takes to decide: 4,026 models on 6 GPUs, asked about 9,600
//! times a second, some far more often than others.
//!
//! Whole simulations are run, and each call of the scheduler in them is timed. The goal
//! is a decision upon a request in at most 10 us at the median. The clock that is read
//! around each call takes some of what is shown: `clock` says how much.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use clockwork::{
    message::{ClientStatus, GpuId, ModelId, Request, Response},
    models::{Catalogue, Deployment},
    scheduler::{Cluster, Effect, Event, Policy, Scheduler, ServedModel, Settings},
    simulation::{Log, Network, Simulation},
    telemetry::{ActionRow, RequestRow},
    time::{Nanos, SECOND},
    worker::{CacheSize, EmulatedDevice, Gpu, Noise},
    workload::{Arrival, Instances, Workload},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

const N_COPIES: u32 = 66;
const RATE_PER_S: f64 = 9_600.0;
const SIZE: CacheSize = CacheSize::V100_32GB;
/// What is not timed: GPUs are empty at the beginning.
const LEAD_IN: Nanos = 5 * SECOND;
const UNTIL: Nanos = 25 * SECOND;

/// A scheduler, and how much it has to do: on few GPUs decisions are mostly that
/// nothing can be done.
struct Case {
    name: &'static str,
    policy: Policy,
    settings: Settings,
    n_gpus: u32,
    skew: i32,
}

fn main() -> anyhow::Result<()> {
    eprintln!(
        "clock: {} ns a reading",
        median(&mut (0..10_000).map(|_| clock_ns()).collect::<Vec<_>>())
    );
    let infer4 = || Case {
        name: "infer4",
        policy: Policy::Infer4,
        settings: Settings::default(),
        n_gpus: 6,
        skew: 8,
    };
    let original = Settings::original();
    decide(&infer4())?;
    decide(&Case { skew: 16, ..infer4() })?;
    decide(&Case { n_gpus: 24, ..infer4() })?;
    decide(&Case { name: "infer4 as the original", settings: original, ..infer4() })?;
    decide(&Case { name: "fifo", policy: Policy::Fifo, ..infer4() })?;
    decide(&Case { name: "adaptive", policy: Policy::Adaptive, ..infer4() })
}

fn clock_ns() -> u64 {
    let began = Instant::now();
    black_box(began).elapsed().as_nanos() as u64
}

/// Runs a simulation and prints what the scheduler's calls took.
fn decide(case: &Case) -> anyhow::Result<()> {
    let Case { name, policy, settings, n_gpus, skew } = *case;
    let deployment = Arc::new(Deployment::of_all(Catalogue::published(), N_COPIES));
    let served: Vec<_> =
        deployment.models().map(|model| ServedModel::of(deployment.variety(model), SIZE)).collect();
    let cluster = Cluster { n_workers: n_gpus, gpus_per_worker: 1, pages_per_gpu: SIZE.n_pages };
    let gpus = (0..u64::from(n_gpus)).map(|gpu| {
        Gpu::new(EmulatedDevice::noisy(Noise::V100, gpu), Arc::clone(&deployment), SIZE)
    });
    let mut timed = Timed::new(policy.scheduler(settings, cluster, &served)?);
    let mut workload = Skewed::new(deployment.len(), skew);
    let mut good = Good::default();
    Simulation::new(&mut timed, &mut workload, Network::default(), gpus.collect())
        .run(UNTIL, &mut good)?;
    let n_requests = timed.requests_ns.len();
    eprintln!(
        "{name}, {n_gpus} GPUs, skew {skew}: {:.0} requests/s could be decided, {:.1} % were in time",
        n_requests as f64 / timed.total.as_secs_f64(),
        100.0 * good.n_good as f64 / good.n_requests as f64,
    );
    for (what, times_ns) in [("request", &mut timed.requests_ns), ("result", &mut timed.results_ns)]
    {
        eprintln!(
            "  {what}: median {} ns, 99 % within {} ns, of {} calls",
            median(times_ns),
            quantile(times_ns, 0.99),
            times_ns.len()
        );
    }
    Ok(())
}

fn median(values: &mut [u64]) -> u64 {
    quantile(values, 0.5)
}

fn quantile(values: &mut [u64], q: f64) -> u64 {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * q) as usize]
}

/// A scheduler whose calls are timed after the lead-in.
struct Timed {
    scheduler: Box<dyn Scheduler + Send>,
    is_led_in: bool,
    requests_ns: Vec<u64>,
    results_ns: Vec<u64>,
    /// Of all calls.
    total: Duration,
}

impl Timed {
    fn new(scheduler: Box<dyn Scheduler + Send>) -> Self {
        let (requests_ns, results_ns) = (Vec::new(), Vec::new());
        Self { scheduler, is_led_in: false, requests_ns, results_ns, total: Duration::ZERO }
    }
}

impl Scheduler for Timed {
    fn on(&mut self, now: Nanos, event: Event, effects: &mut Vec<Effect>) {
        let began = Instant::now();
        self.scheduler.on(now, event, effects);
        let took = began.elapsed();
        self.is_led_in = now >= LEAD_IN;
        if !self.is_led_in {
            return;
        }
        self.total += took;
        match event {
            Event::Request(_) => self.requests_ns.push(took.as_nanos() as u64),
            Event::Result(_) => self.results_ns.push(took.as_nanos() as u64),
            Event::Lost(_) | Event::Wake => {}
        }
    }

    fn next_wake(&mut self) -> Option<Nanos> {
        let began = Instant::now();
        let wake = self.scheduler.next_wake();
        if self.is_led_in {
            self.total += began.elapsed();
        }
        wake
    }

    fn carried(&self, gpu: GpuId, action_id: u64, request_ids: &mut Vec<u64>) {
        self.scheduler.carried(gpu, action_id, request_ids);
    }
}

/// A Poisson process over all models; the higher the skew, the more the first ones have
/// of it.
struct Skewed {
    instances: Instances,
    skew: i32,
    random: Pcg64Mcg,
    next_at: f64,
    n_sent: u64,
}

impl Skewed {
    fn new(n_models: usize, skew: i32) -> Self {
        let instances = Instances::of("any", n_models as u32);
        Self { instances, skew, random: Pcg64Mcg::seed_from_u64(7), next_at: 0.0, n_sent: 0 }
    }
}

impl Workload for Skewed {
    fn instances(&self) -> &Instances {
        &self.instances
    }

    fn next_at(&self) -> Option<Nanos> {
        Some(self.next_at as Nanos)
    }

    fn send(&mut self) -> Option<Arrival> {
        let at = self.next_at as Nanos;
        self.next_at -= (1.0 - self.random.random::<f64>()).ln() / RATE_PER_S * SECOND as f64;
        let popularity = self.random.random::<f64>().powi(self.skew);
        let model = ModelId((popularity * f64::from(self.instances.len())) as u32);
        let id = self.n_sent;
        self.n_sent += 1;
        Some(Arrival { at, request: Request { id, user_id: 0, model, slo_factor: 0.0 } })
    }

    fn answered(&mut self, _: Nanos, _: &Response) {}
}

/// Counts the requests that were answered in time.
#[derive(Default)]
struct Good {
    n_requests: u64,
    n_good: u64,
}

impl Log for Good {
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()> {
        self.n_requests += 1;
        self.n_good += u64::from(row.result == ClientStatus::Success && row.deadline_met());
        Ok(())
    }

    fn action(&mut self, _: &ActionRow) -> anyhow::Result<()> {
        Ok(())
    }
}

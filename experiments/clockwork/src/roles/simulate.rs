//! Role `simulate`: the whole system in virtual time, as a job.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};

use super::{
    logs::{Begins, Logs},
    observed::{Observed, write},
    requests::WorkloadArgs,
    window::{WindowArgs, nanos},
};
use crate::{
    models::{Catalogue, Deployment},
    scheduler::{Cluster, Policy, ServedModel, Settings},
    simulation::{Network, Simulation},
    telemetry::log::LogFiles,
    time::{MICROSECOND, Nanos},
    worker::{CacheSize, EmulatedDevice, Gpu, Noise},
};

/// Flags of `simulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Workers.
    #[arg(long, value_name = "N", default_value_t = 6)]
    workers: u32,
    /// GPUs of each worker.
    #[arg(long, value_name = "N", default_value_t = 1)]
    gpus_per_worker: u32,
    /// Pages of 16 MiB for weights on each GPU.
    #[arg(long, value_name = "N", default_value_t = CacheSize::V100_32GB.n_pages)]
    pages_per_gpu: u32,
    /// Who decides.
    #[arg(long, value_enum, default_value = "infer4")]
    scheduler: Policy,
    /// How far ahead actions are sent, in nanoseconds.
    #[arg(long, value_name = "NS")]
    schedule_ahead: Option<Nanos>,
    /// The objective of requests that name none, in nanoseconds.
    #[arg(long, value_name = "NS")]
    default_slo: Option<Nanos>,
    /// How long batches of more than one may take, in nanoseconds.
    #[arg(long, value_name = "NS")]
    max_exec: Option<Nanos>,
    /// The largest batch.
    #[arg(long, value_name = "N")]
    max_batch: Option<u32>,
    /// Take the original code's values and mistakes, not its documentation's.
    #[arg(long)]
    original_defaults: bool,
    /// How long a message takes, in microseconds.
    #[arg(long, value_name = "US", default_value_t = Network::default().one_way / MICROSECOND)]
    network_us: u64,
    /// GPUs take exactly the published times.
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    window: WindowArgs,
    /// Keep the two logs, row by row.
    #[arg(long)]
    rows: bool,
    /// Where `observed.json` and the logs go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    workload: WorkloadArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    write(&args.out, "observed.json", &simulate(args)?)
}

fn simulate(args: &Args) -> anyhow::Result<Observed> {
    let duration_s = args.window.duration_s;
    let duration_s = duration_s.context("how long is the load?\n(hint: --duration-s SECONDS)")?;
    let mut workload = args.workload.workload()?;
    let instances = workload.instances();
    let deployment = Arc::new(Deployment::new(Catalogue::published(), instances.iter())?);
    let size = CacheSize { n_pages: args.pages_per_gpu, ..CacheSize::V100_32GB };
    let served: Vec<_> =
        deployment.models().map(|model| ServedModel::of(deployment.variety(model), size)).collect();
    let mut scheduler = args.scheduler.scheduler(args.settings(), args.cluster(), &served)?;
    let gpus = (0..args.cluster().n_gpus() as u64)
        .map(|gpu| Gpu::new(args.device(gpu), Arc::clone(&deployment), size))
        .collect();
    let files = args.rows.then(|| LogFiles::of(&args.out, 1).compressed());
    let mut logs = Logs::new(&args.window, Begins::AtZero, files.as_ref())?;
    let network = Network { one_way: args.network_us * MICROSECOND };
    let began = Instant::now();
    let simulation = Simulation::new(scheduler.as_mut(), workload.as_mut(), network, gpus);
    let outcome = simulation.run(nanos(args.window.lead_in_s + duration_s), &mut logs)?;
    let wall_s = began.elapsed().as_secs_f64();
    ensure!(
        outcome.n_answered == outcome.n_requests,
        "{} requests were sent and {} answered: the scheduler is wrong",
        outcome.n_requests,
        outcome.n_answered
    );
    let aggregate = logs.finish()?;
    let n_models = deployment.len() as u32;
    Ok(Observed::new(n_models, outcome, &aggregate, wall_s, duration_s))
}

impl Args {
    fn settings(&self) -> Settings {
        let defaults =
            if self.original_defaults { Settings::original() } else { Settings::default() };
        defaults.with(self.schedule_ahead, self.default_slo, self.max_exec, self.max_batch)
    }

    fn cluster(&self) -> Cluster {
        Cluster {
            n_workers: self.workers,
            gpus_per_worker: self.gpus_per_worker,
            pages_per_gpu: self.pages_per_gpu,
        }
    }

    fn device(&self, gpu: u64) -> EmulatedDevice {
        if self.exact {
            EmulatedDevice::exact()
        } else {
            // Neighbouring seeds are as good as any for this generator.
            EmulatedDevice::noisy(
                Noise::V100,
                self.workload.seed.wrapping_mul(1_000).wrapping_add(gpu),
            )
        }
    }
}

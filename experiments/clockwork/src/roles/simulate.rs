//! Role `simulate`: the whole system in virtual time, as a job.

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::logs::Logs;
use crate::{
    models::{Catalogue, Deployment},
    scheduler::{Cluster, Policy, ServedModel, Settings},
    simulation::{Network, Outcome, Simulation},
    telemetry::{GroupSeries, Groups, Series, Tails, Totals, Window},
    time::{MICROSECOND, Nanos, SECOND},
    trace::read_day,
    worker::{CacheSize, EmulatedDevice, Gpu, Noise},
    workload::{Parts, Workload, by_name},
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
    /// The directory with the day files of the trace, for workloads that replay it.
    #[arg(long, value_name = "DIR")]
    trace_dir: Option<PathBuf>,
    /// Seconds at the beginning that no figure shows.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    lead_in_s: f64,
    /// Seconds of load after that.
    #[arg(long, value_name = "SECONDS")]
    duration_s: f64,
    /// Seconds of each point of the figures.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    bucket_s: f64,
    /// Models that have series of their own, such as `majors=0..3600,minor=3600`.
    #[arg(long, value_name = "NAME=MODELS,...")]
    groups: Option<Groups>,
    /// Keep the two logs, row by row.
    #[arg(long)]
    rows: bool,
    /// Everything random follows from it.
    #[arg(long)]
    seed: u64,
    /// Where `simulated.json` and the logs go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The workload and its parameters, as the client takes them, such as `azure 8`.
    #[arg(required = true, value_name = "WORKLOAD")]
    workload: Vec<String>,
}

/// What `simulated.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulated {
    /// Model instances.
    pub n_models: u32,
    /// Requests, answers and actions, of the whole run.
    pub outcome: Outcome,
    /// How long the simulation took.
    pub wall_s: f64,
    /// How long the load was after the lead-in.
    pub measured_s: f64,
    /// Counts of that time.
    pub totals: Totals,
    /// The series that Fig. 9 shows.
    pub series: Series,
    /// The tails that Fig. 10 shows.
    pub tails: Tails,
    /// The series of each group of models, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSeries>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let simulated = simulate(args)?;
    let path = args.out.join("simulated.json");
    let text = serde_json::to_vec(&simulated).context("describe the simulation")?;
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}

fn simulate(args: &Args) -> anyhow::Result<Simulated> {
    let window = args.window()?;
    let mut workload = args.workload()?;
    let instances = workload.instances();
    let deployment = Arc::new(Deployment::new(Catalogue::published(), instances.iter())?);
    let size = CacheSize { n_pages: args.pages_per_gpu, ..CacheSize::V100_32GB };
    let served: Vec<_> =
        deployment.models().map(|model| ServedModel::of(deployment.variety(model), size)).collect();
    let mut scheduler = args.scheduler.scheduler(args.settings(), args.cluster(), &served)?;
    let gpus = (0..args.cluster().n_gpus() as u64)
        .map(|gpu| Gpu::new(args.device(gpu), Arc::clone(&deployment), size))
        .collect();
    let mut logs =
        if args.rows { Logs::kept(window, &args.out)? } else { Logs::aggregated(window) };
    if let Some(groups) = &args.groups {
        logs.aggregate.group_by(groups);
    }
    let network = Network { one_way: args.network_us * MICROSECOND };
    let until = nanos(args.lead_in_s + args.duration_s);
    let began = Instant::now();
    let simulation = Simulation::new(scheduler.as_mut(), workload.as_mut(), network, gpus);
    let outcome = simulation.run(until, &mut logs)?;
    let wall_s = began.elapsed().as_secs_f64();
    ensure!(
        outcome.n_answered == outcome.n_requests,
        "{} requests were sent and {} answered: the scheduler is wrong",
        outcome.n_requests,
        outcome.n_answered
    );
    let aggregate = logs.finish()?;
    Ok(Simulated {
        n_models: deployment.len() as u32,
        outcome,
        wall_s,
        measured_s: args.duration_s,
        totals: aggregate.totals().clone(),
        series: aggregate.series(),
        tails: aggregate.tails(),
        groups: aggregate.groups(),
    })
}

impl Args {
    fn window(&self) -> anyhow::Result<Window> {
        for (flag, seconds) in [("--duration-s", self.duration_s), ("--bucket-s", self.bucket_s)] {
            ensure!(
                seconds.is_finite() && nanos(seconds) > 0,
                "{flag} {seconds}: not a length of time"
            );
        }
        ensure!(
            self.lead_in_s.is_finite() && self.lead_in_s >= 0.0,
            "--lead-in-s {}: not a length of time",
            self.lead_in_s
        );
        Ok(Window {
            start: 0,
            lead_in: nanos(self.lead_in_s),
            duration: Some(nanos(self.duration_s)),
            bucket: nanos(self.bucket_s),
        })
    }

    fn workload(&self) -> anyhow::Result<Box<dyn Workload>> {
        let varieties: Vec<_> =
            Catalogue::published().deployed().map(|variety| variety.name.clone()).collect();
        let day = |day| {
            let dir = self.trace_dir.as_ref().context("there is no trace\n(hint: --trace-dir DIR)");
            Ok(read_day(dir?, day)?)
        };
        let words: Vec<_> = self.workload.iter().map(String::as_str).collect();
        by_name(&words, &Parts { varieties: &varieties, day: &day, seed: self.seed })
    }

    fn settings(&self) -> Settings {
        let defaults =
            if self.original_defaults { Settings::original() } else { Settings::default() };
        Settings {
            schedule_ahead: self.schedule_ahead.unwrap_or(defaults.schedule_ahead),
            default_slo: self.default_slo.unwrap_or(defaults.default_slo),
            max_exec: self.max_exec.unwrap_or(defaults.max_exec),
            max_batch: self.max_batch.unwrap_or(defaults.max_batch),
            ..defaults
        }
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
            EmulatedDevice::noisy(Noise::V100, self.seed.wrapping_mul(1_000).wrapping_add(gpu))
        }
    }
}

fn nanos(seconds: f64) -> Nanos {
    (seconds * SECOND as f64).round() as Nanos
}

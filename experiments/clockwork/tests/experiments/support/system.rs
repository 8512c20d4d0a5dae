//! One run of the system: in virtual time, or live in the order of the reference's run:
//! workers, controller, client, and the controller's files in the end.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::ValueEnum as _;
use clockwork::{
    live::client::Sent,
    roles::Observed,
    scheduler::{Policy, Settings},
    worker::CacheSize,
};
use harness::{Bed, Instance, Probe, Role, claim::Evidence};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::span::Span;

/// The longest that a run may take before it counts as hung.
const LIMIT: Duration = Duration::from_secs(12 * 3600);

/// A client that sends one in a hundred requests later than this is part of what is
/// measured.
const LATE_NS: u64 = 20_000_000;

/// How the system runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Run {
    /// All of it in one process and in virtual time.
    Simulated,
    /// Live, with emulated GPUs.
    Live,
    /// Live, with networks that are really executed, on the processor: of the experiment
    /// that is about them, no profile asks for it.
    #[serde(skip)]
    Exec,
}

/// The system, as profile and point decide.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) run: Run,
    pub(crate) workers: u32,
    pub(crate) gpus_per_worker: u32,
    /// What is executed, if that is how it runs.
    pub(crate) varieties: Vec<String>,
    /// Pages of 16 MiB for weights on each GPU.
    pub(crate) pages_per_gpu: u32,
    pub(crate) scheduler: Policy,
    pub(crate) settings: Settings,
    pub(crate) original_defaults: bool,
    /// Whether the two logs are kept, row by row.
    pub(crate) keeps_rows: bool,
    /// Models that have series of their own.
    pub(crate) groups: Option<String>,
}

impl Run {
    pub(crate) fn evidence(self) -> Evidence {
        match self {
            Self::Simulated => Evidence::Simulated,
            Self::Live => Evidence::Emulated,
            Self::Exec => Evidence::Measured,
        }
    }
}

impl Setup {
    /// INFER4 on workers of one GPU, with documented values.
    pub(crate) fn of(run: Run, workers: u32) -> Self {
        Self {
            run,
            workers,
            gpus_per_worker: 1,
            varieties: vec![],
            pages_per_gpu: CacheSize::V100_32GB.n_pages,
            scheduler: Policy::Infer4,
            settings: Settings::default(),
            original_defaults: false,
            keeps_rows: false,
            groups: None,
        }
    }

    /// The same with the original code's values and mistakes.
    pub(crate) fn with_original_defaults(self, original_defaults: bool) -> Self {
        let settings = if original_defaults { Settings::original() } else { self.settings };
        Self { settings, original_defaults, ..self }
    }

    /// Sends a workload, by its name and parameters as the original's client takes them.
    ///
    /// A run without a request is invalid, and so is one whose client was late.
    ///
    /// # Errors
    /// If the system fails.
    pub(crate) async fn observe(
        &self,
        bed: &Bed,
        span: &Span,
        workload: &[String],
        trace: Option<&Path>,
    ) -> anyhow::Result<Observed> {
        Ok(self.observe_files(bed, span, workload, trace).await?.0)
    }

    /// The same, and where the files are that it left: the logs, if rows are kept.
    ///
    /// # Errors
    /// If the system fails.
    pub(crate) async fn observe_files(
        &self,
        bed: &Bed,
        span: &Span,
        workload: &[String],
        trace: Option<&Path>,
    ) -> anyhow::Result<(Observed, PathBuf)> {
        let load = Load { span, workload, trace, seed: bed.seed() };
        let (observed, files) = match self.run {
            Run::Simulated => self.simulate(bed, &load).await?,
            Run::Live | Run::Exec => self.run_live(bed, &load).await?,
        };
        if observed.totals.requests == 0 {
            // Of nothing, everything is true.
            bed.invalidate("no request was answered after the lead-in");
        }
        let late_ns = observed.sent.as_ref().map_or(0, |sent| sent.late_ns.p99);
        if late_ns > LATE_NS {
            bed.invalidate(format!("1 % of requests were sent {} ms late", late_ns / 1_000_000));
        }
        Ok((observed, files))
    }

    async fn simulate(&self, bed: &Bed, load: &Load<'_>) -> anyhow::Result<(Observed, PathBuf)> {
        let mut args = words([
            ("--workers", self.workers.to_string()),
            ("--gpus-per-worker", self.gpus_per_worker.to_string()),
            ("--pages-per-gpu", self.pages_per_gpu.to_string()),
            ("--scheduler", name_of(self.scheduler)),
            ("--schedule-ahead", self.settings.schedule_ahead.to_string()),
            ("--default-slo", self.settings.default_slo.to_string()),
        ]);
        args.extend(self.keeps_rows.then(|| "--rows".to_owned()));
        args.extend(self.common(load));
        args.extend(load.trace_and_workload());
        let files = bed.run(&job("simulate", &args, load.trace), LIMIT).await?;
        Ok((read(&files, "observed.json")?, files))
    }

    async fn run_live(&self, bed: &Bed, load: &Load<'_>) -> anyhow::Result<(Observed, PathBuf)> {
        let mut workers = Vec::new();
        for index in 0..u64::from(self.workers) {
            workers.push(address(&bed.start(&self.worker(index, load)).await?));
        }
        let controller = bed.start(&self.controller(&workers.join(","), load)).await?;
        let client = job("client", &self.client(&address(&controller), load), load.trace);
        let sent: Sent = read(&bed.run(&client, LIMIT).await?, "sent.json")?;
        let files = bed.stop_and_collect(&controller).await?;
        let observed: Observed = read(&files, "observed.json")?;
        if observed.n_lost_workers > 0 {
            bed.invalidate(format!("{} workers were lost", observed.n_lost_workers));
        }
        if sent.n_requests != observed.outcome.n_answered {
            bed.invalidate("client and controller disagree on how many requests there were");
        }
        Ok((Observed { sent: Some(sent), ..observed }, files))
    }

    fn worker(&self, index: u64, load: &Load<'_>) -> Role {
        // Workers of one run differ, and so do those of another run.
        let seed = load.seed.wrapping_mul(1_000).wrapping_add(index);
        let mut args = words([
            ("--listen", "{addr:wire}".to_owned()),
            ("--gpus", self.gpus_per_worker.to_string()),
            ("--pages-per-gpu", self.pages_per_gpu.to_string()),
            ("--seed", seed.to_string()),
        ]);
        if self.run == Run::Exec {
            args.extend(words([("--exec", self.varieties.join(","))]));
        }
        server("worker", args)
    }

    fn controller(&self, workers: &str, load: &Load<'_>) -> Role {
        let generates_inputs = 0;
        let n_gpus = self.workers * self.gpus_per_worker;
        let Settings { schedule_ahead, default_slo, max_exec, max_batch, .. } = self.settings;
        let mut args = vec![
            name_of(self.scheduler),
            workers.to_owned(),
            generates_inputs.to_string(),
            n_gpus.to_string(),
            schedule_ahead.to_string(),
            default_slo.to_string(),
            max_exec.to_string(),
            max_batch.to_string(),
        ];
        args.extend(words([("--listen", "{addr:wire}".to_owned())]));
        args.extend(self.common(load));
        if self.keeps_rows {
            args.extend(["--log-dir", "{dir}", "--compress"].map(str::to_owned));
        }
        server("controller", args)
    }

    fn client(&self, controller: &str, load: &Load<'_>) -> Vec<String> {
        let mut args = vec![controller.to_owned()];
        let duration_s = load.span.load().as_secs_f64().to_string();
        args.extend(words([
            ("--duration-s", duration_s),
            ("--disable-inputs", "1".to_owned()),
            ("--out", "{dir}".to_owned()),
            ("--seed", load.seed.to_string()),
        ]));
        args.extend(load.trace_and_workload());
        args
    }

    /// What `simulate` and `controller` are both told.
    fn common(&self, load: &Load<'_>) -> Vec<String> {
        let mut args = load.span.flags();
        args.extend(words([("--seed", load.seed.to_string()), ("--out", "{dir}".to_owned())]));
        args.extend(self.original_defaults.then(|| "--original-defaults".to_owned()));
        if let Some(groups) = &self.groups {
            args.extend(words([("--groups", groups.clone())]));
        }
        args
    }
}

/// What is asked of the system.
struct Load<'a> {
    span: &'a Span,
    workload: &'a [String],
    trace: Option<&'a Path>,
    seed: u64,
}

impl Load<'_> {
    fn trace_and_workload(&self) -> Vec<String> {
        let dir = self.trace.map(|dir| ("--trace-dir", dir.display().to_string()));
        let mut args = words(dir);
        args.extend_from_slice(self.workload);
        args
    }
}

/// A scheduler by the name that flags and tables have for it.
pub(crate) fn name_of(policy: Policy) -> String {
    policy.to_possible_value().expect("no policy is hidden").get_name().to_owned()
}

fn words(flags: impl IntoIterator<Item = (&'static str, String)>) -> Vec<String> {
    flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
}

fn job(name: &'static str, args: &[String], trace: Option<&Path>) -> Role {
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    Role::job(name, &args).reading(trace)
}

/// A role that listens for this system's own messages.
fn server(name: &'static str, args: Vec<String>) -> Role {
    let ready = Probe::Tcp { port: "wire".to_owned() };
    Role { args, ports: &["wire"], ready, ..Role::job(name, &[]) }
}

fn address(instance: &Instance) -> String {
    instance.addresses["wire"].to_string()
}

fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> anyhow::Result<T> {
    let path = dir.join(name);
    let text = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))
}

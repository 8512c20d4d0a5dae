//! Role `client`: jobs of the client machine, which run to their end.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use node::Meter;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::{
    client::{Multiplication, State, Training, Watch, load, multiply, train},
    http::{HttpClient, Origin},
    message::Function,
};

/// A job of the client machine.
#[derive(Debug, clap::Subcommand)]
pub enum Job {
    /// Upload functions and documents.
    Load(LoadArgs),
    /// Train, and write the losses.
    Train(TrainArgs),
    /// Multiply matrices, and check the product.
    Multiply(MultiplyArgs),
    /// Send a load of requests, and write its latencies.
    Drive(::load::role::Args),
}

/// Flags of `client load`.
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// The upload role, or a worker.
    #[arg(long, value_name = "URL")]
    upload: Origin,
    /// Who owns what is uploaded.
    #[arg(long, default_value = "sgd")]
    user: String,
    /// A function and its wasm file; may be repeated.
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_function)]
    function: Vec<(String, PathBuf)>,
    /// A directory of documents in the function's binary layout.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A directory of values, each in a file of its key's name.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// Where a call goes, and how closely it is watched.
#[derive(Debug, clap::Args)]
pub(super) struct CallArgs {
    /// The gateway, or workers; the first gets the call.
    #[arg(long, value_name = "URL,…", value_delimiter = ',', required = true)]
    target: Vec<Origin>,
    /// The service to ask the gateway for.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The call's seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Milliseconds between two polls at most (the original: 1000 for training,
    /// 500 for matrices, always).
    #[arg(long, value_name = "MS", default_value_t = 20)]
    poll_ms: u64,
    /// Seconds after which to give up.
    #[arg(long, value_name = "SECONDS", default_value_t = 4 * 3600)]
    limit_s: u64,
    /// Where `run.json` and other results go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Flags of `client multiply`.
#[derive(Debug, clap::Args)]
pub struct MultiplyArgs {
    #[command(flatten)]
    call: CallArgs,
    /// The upload role, which has the product.
    #[arg(long, value_name = "URL")]
    upload: Origin,
    /// The function that multiplies.
    #[arg(long, value_name = "USER/FUNCTION", default_value = "python/mat_mul")]
    function: Function,
    /// The processes that host functions, whose executions are counted.
    #[arg(long, value_name = "URL,…", value_delimiter = ',')]
    count: Vec<Origin>,
    /// The directory of the uploaded matrices.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Flags of `client train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    #[command(flatten)]
    call: CallArgs,
    /// The function that trains.
    #[arg(long, value_name = "USER/FUNCTION", default_value = "sgd/reuters_svm")]
    function: Function,
    /// Parallel functions per epoch.
    #[arg(long)]
    workers: u32,
    /// Updates of a single weight between two pushes; negative never pushes.
    #[arg(long, allow_negative_numbers = true)]
    interval: i64,
    /// Passes over the documents.
    #[arg(long)]
    epochs: u32,
    /// Documents to train on.
    #[arg(long)]
    documents: u32,
    /// Features that a document may have.
    #[arg(long)]
    features: u32,
}

pub(super) async fn run(job: Job) -> anyhow::Result<()> {
    let client = HttpClient::new(Meter::shared());
    match job {
        Job::Load(args) => {
            let documents = args.data.as_deref().map(State::Documents);
            let values = args.state.as_deref().map(State::Values);
            let state: Vec<_> = documents.into_iter().chain(values).collect();
            load(&client, &args.upload, &args.user, &args.function, &state).await
        }
        Job::Train(args) => {
            let run = train(&client, &args.call.targets(), &args.training()).await?;
            let csv = run.losses_csv();
            write(&args.call.out, &[("run.json", json(&run)?), ("losses.csv", csv)])
        }
        Job::Multiply(args) => {
            let multiplication = args.multiplication();
            let (targets, upload, data) = (args.call.targets(), &args.upload, &args.data);
            let run = multiply(&client, &targets, upload, data, &multiplication).await?;
            write(&args.call.out, &[("run.json", json(&run)?)])
        }
        // It blocks, and has threads of its own.
        Job::Drive(args) => spawn_blocking(move || ::load::role::run(&args)).await?,
    }
}

impl CallArgs {
    fn targets(&self) -> Vec<Origin> {
        let service = |target: &Origin| target.clone().with_service(self.host.clone());
        self.target.iter().map(service).collect()
    }

    fn watch(&self) -> Watch {
        Watch {
            poll_every: Duration::from_millis(self.poll_ms),
            limit: Duration::from_secs(self.limit_s),
        }
    }
}

impl TrainArgs {
    fn training(&self) -> Training {
        Training {
            function: self.function.clone(),
            workers: self.workers,
            interval: self.interval,
            epochs: self.epochs,
            documents: self.documents,
            features: self.features,
            seed: self.call.seed,
            watch: self.call.watch(),
        }
    }
}

impl MultiplyArgs {
    fn multiplication(&self) -> Multiplication {
        Multiplication {
            function: self.function.clone(),
            seed: self.call.seed,
            watch: self.call.watch(),
            counted: self.count.clone(),
        }
    }
}

fn json(run: &impl Serialize) -> anyhow::Result<String> {
    serde_json::to_string_pretty(run).context("describe the run")
}

fn write(out: &Path, files: &[(&str, String)]) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    for (name, text) in files {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn parse_function(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("expected NAME=FILE")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

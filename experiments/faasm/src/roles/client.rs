//! Role `client`: jobs of the client machine, which run to their end.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use node::Meter;

use crate::{
    client::{Training, TrainingRun, load, train},
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
}

/// Flags of `client train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// The gateway, or workers; the first gets the call.
    #[arg(long, value_name = "URL,…", value_delimiter = ',', required = true)]
    target: Vec<Origin>,
    /// The service to ask the gateway for.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
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
    /// Source of every shuffle.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Milliseconds between two polls at most (the original: 1000, always).
    #[arg(long, value_name = "MS", default_value_t = 20)]
    poll_ms: u64,
    /// Seconds after which to give up.
    #[arg(long, value_name = "SECONDS", default_value_t = 4 * 3600)]
    limit_s: u64,
    /// Where `run.json` and `losses.csv` go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) async fn run(job: Job) -> anyhow::Result<()> {
    let client = HttpClient::new(Meter::shared());
    match job {
        Job::Load(args) => {
            let data = args.data.as_deref();
            load(&client, &args.upload, &args.user, &args.function, data).await
        }
        Job::Train(args) => {
            let training = args.training();
            let service = |target: &Origin| target.clone().with_service(args.host.clone());
            let targets: Vec<Origin> = args.target.iter().map(service).collect();
            write(&train(&client, &targets, &training).await?, &args.out)
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
            seed: self.seed,
            poll_every: Duration::from_millis(self.poll_ms),
            limit: Duration::from_secs(self.limit_s),
        }
    }
}

fn write(run: &TrainingRun, out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    let json = serde_json::to_string_pretty(run).context("describe the run")?;
    for (name, text) in [("run.json", json), ("losses.csv", run.losses_csv())] {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn parse_function(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("expected NAME=FILE")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

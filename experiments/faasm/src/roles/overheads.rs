//! Role `overheads`: a job that measures Faaslets of a function that does nothing.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use tokio::task::spawn_blocking;

use crate::overheads::{Kind, Sizes, measure};

/// Flags of `overheads`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How Faaslets come to be.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The function's wasm file.
    #[arg(long, value_name = "FILE")]
    guest: PathBuf,
    /// Starts that are timed one by one.
    #[arg(long, value_name = "N")]
    starts: u64,
    /// Faaslets at once, at most.
    #[arg(long, value_name = "N")]
    capacity_max: u64,
    /// Rates of starts to try.
    #[arg(long, value_name = "RATE,…", value_delimiter = ',')]
    churn_per_s: Vec<f64>,
    /// Seconds for which each rate is kept up.
    #[arg(long, value_name = "SECONDS")]
    churn_s: f64,
    /// Where `overheads.json` goes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let wasm =
        std::fs::read(&args.guest).with_context(|| format!("read {}", args.guest.display()))?;
    let sizes = Sizes {
        starts: args.starts,
        capacity_max: args.capacity_max,
        churn_per_s: args.churn_per_s,
        churn_span: Duration::try_from_secs_f64(args.churn_s).context("`--churn-s`")?,
    };
    let costs = spawn_blocking(move || measure(args.kind, &wasm, &sizes))
        .await
        .context("measure Faaslets")??;
    let path = args.out.join("overheads.json");
    let text = serde_json::to_vec_pretty(&costs).context("describe the costs")?;
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}

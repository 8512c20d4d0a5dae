//! `gc`, `doctor` and `status`: what needs no system.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use targets::{
    catalog,
    gc::{self, Mode, Report},
    registry::Registry,
};

use super::exp::{print, results_dir};
use crate::{
    experiment::PointId,
    fault::Outcome,
    run_dir::{Machine, RunDir},
};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Housekeeping {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Remove what killed runs left behind
    Gc {
        /// A ledger or a run's directory; default: every run of this user
        path: Option<PathBuf>,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Say what this machine lacks, and the command that mends it
    Doctor,
    /// Show the runs and how far they came
    Status,
}

/// Carries out the housekeeping command that was typed.
#[must_use]
pub fn main() -> Outcome {
    let housekeeping = match Housekeeping::try_parse() {
        Ok(housekeeping) => housekeeping,
        Err(error) => return super::say(&error),
    };
    let done = match &housekeeping.command {
        Command::Gc { path, dry_run } => {
            collect_garbage(path.clone(), if *dry_run { Mode::DryRun } else { Mode::Remove })
        }
        Command::Doctor => doctor(),
        Command::Status => status(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Outcome::of(&error)
    })
}

fn collect_garbage(path: Option<PathBuf>, mode: Mode) -> anyhow::Result<Outcome> {
    let registry = Registry::of_user()?;
    let report = tokio::runtime::Runtime::new()?.block_on(async {
        let Some(path) = path else {
            return gc::gc(&registry, mode).await;
        };
        let ledger = if path.is_dir() { RunDir::open(&path)?.ledger() } else { path };
        let run = gc::gc_ledger(&ledger, &registry, mode).await?;
        Ok(Report { runs: vec![run] })
    })?;
    print(&report.to_string());
    Ok(if report.is_clean() { Outcome::AsExpected } else { Outcome::TrialFailed })
}

fn doctor() -> anyhow::Result<Outcome> {
    let machine = Machine::here();
    let mut text = format!(
        "{}, {} cores, {:.1} GiB, Linux {}\n",
        machine.cpu,
        machine.cores,
        machine.memory_bytes as f64 / f64::from(1 << 30),
        machine.kernel
    );
    let mut outcome = Outcome::AsExpected;
    let runtime = tokio::runtime::Runtime::new()?;
    for target in catalog::all() {
        let shortfalls = runtime.block_on(target.shortfalls());
        if shortfalls.is_empty() {
            text += &format!("{}: ready\n", target.name());
        }
        for shortfall in shortfalls {
            outcome = Outcome::Unavailable;
            text += &format!(
                "{}: lacks {}\n  mend it with: {}\n",
                target.name(),
                shortfall.missing,
                shortfall.mend
            );
        }
    }
    print(text.trim_end());
    Ok(outcome)
}

fn status() -> anyhow::Result<Outcome> {
    let results = results_dir();
    let mut runs = Vec::new();
    for experiment in folders(&results)? {
        runs.extend(folders(&experiment)?);
    }
    runs.sort_by_key(|run| run.file_name().map(ToOwned::to_owned));
    let mut text = String::new();
    for run in runs {
        // A folder that is no run, or one that just begins, is not ours to judge.
        let Ok(dir) = RunDir::open(&run) else { continue };
        // A run of another version must not hide the others.
        text += &status_line(&dir)
            .unwrap_or_else(|error| format!("{}: cannot be read: {error:#}\n", run.display()));
    }
    print(if text.is_empty() {
        "no runs yet (hint: cargo xtask exp sgd)"
    } else {
        text.trim_end()
    });
    Ok(Outcome::AsExpected)
}

fn status_line(dir: &RunDir) -> anyhow::Result<String> {
    let manifest = dir.read_manifest()?;
    let stored = dir.stored_attempts()?;
    let n_trials = stored.iter().filter(|(_, attempt)| attempt.counts()).count();
    let points: std::collections::BTreeSet<_> =
        stored.iter().map(|(_, attempt)| PointId::to_string(&attempt.point)).collect();
    let log = std::fs::read_to_string(dir.log()).unwrap_or_default();
    let last = log.lines().last().and_then(|line| line.strip_prefix("Exiting: "));
    Ok(format!(
        "{} {} on {}: {n_trials} trials of {} points, {}\n  {}\n",
        manifest.experiment,
        manifest.profile.name,
        manifest.environment.target,
        points.len(),
        last.unwrap_or("not finished"),
        dir.root().display()
    ))
}

fn folders(dir: &std::path::Path) -> anyhow::Result<Vec<PathBuf>> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("list {}", dir.display())),
    };
    Ok(listing.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

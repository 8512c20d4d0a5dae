//! Everything that can be typed after `cargo xtask`, on a page.

use clap::{Args, Parser, Subcommand};

/// Re-run the experiments of systems papers and judge their claims.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Xtask {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the experiments
    List,
    /// Run experiments: `exp sgd`, `exp --all --profile smoke`
    Exp(Passed),
    /// Show what `exp` would run, and for how long
    Plan(Passed),
    /// Recompute a run's summary, claims, figures and report from its records
    Report(Passed),
    /// List, prepare and verify data sets
    Data(Passed),
    /// Show the runs and how far they came
    Status(Passed),
    /// Remove what killed runs left behind
    Gc(Passed),
    /// Say what this machine has for each target, what it lacks, and what mends it
    Doctor(Passed),
    /// Rebuild the wasm guests from their sources
    Guests(GuestsArgs),
    /// Run what CI runs
    Ci,
}

/// Arguments that are handed on as they are, `--help` among them.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct GuestsArgs {
    /// Only say which guests are stale, and exit 1 if any is
    #[arg(long)]
    pub(crate) check: bool,
}

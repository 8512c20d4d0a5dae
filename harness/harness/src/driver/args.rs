//! What can be asked of a system's binary: the command line on a page.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use super::length::{AtMost, at_most, length};
use crate::dataset::depot::Place;

/// The first argument that makes a test binary a driver.
pub(crate) const DRIVER_FLAG: &str = "--driver";

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
pub(super) struct Driver {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run experiments and judge their claims
    Exp(ExpArgs),
    /// Show what `exp` would run, and for how long
    Plan(ExpArgs),
    /// Recompute a run's summary, claims, figures and report from its records, or report on
    /// what another tool wrote
    Report(ReportArgs),
    /// List, prepare and verify data sets
    Data(DataArgs),
    /// Exit 0 if a directory is what another tool wrote of the system
    #[command(hide = true)]
    Knows(KnowsArgs),
}

#[derive(Debug, Args)]
pub(super) struct ExpArgs {
    /// Names of experiments
    pub(super) names: Vec<String>,
    /// Every experiment of the system
    #[arg(long, conflicts_with = "names")]
    pub(super) all: bool,
    /// Profile: a name under fixtures/profiles or a path
    #[arg(long, env = "REPRISE_PROFILE", default_value = "local")]
    pub(super) profile: String,
    /// Environment: a name under fixtures/envs or a path; default: the profile's
    #[arg(long)]
    pub(super) env: Option<String>,
    /// Change one knob, as in --set workers=[2,4]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Only these points, as in --points mode=wasm,workers=2
    #[arg(long, value_name = "FIELD=VALUE,...")]
    pub(super) points: Vec<String>,
    /// Repetitions of every point; default: the profile's
    #[arg(long)]
    pub(super) trials: Option<u32>,
    /// The seed of every random choice; default: the profile's
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Continue this run at its first missing trial
    #[arg(long, value_name = "RUN", conflicts_with_all = ["set", "points", "trials", "seed", "all"])]
    pub(super) resume: Option<PathBuf>,
    /// Exit 1 also if a claim is inconclusive or not exercised
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run's directory, or one that another tool wrote
    pub(super) run: PathBuf,
    #[command(flatten)]
    pub(super) foreign: ForeignArgs,
}

/// What is only asked of what another tool wrote.
#[derive(Debug, Args)]
pub(super) struct ForeignArgs {
    /// Of another tool's: leave out so much at its beginning, in seconds or as in 10m; default: 10m
    #[arg(long, alias = "leadin", value_name = "LENGTH", value_parser = length)]
    pub(super) lead_in: Option<Duration>,
    /// Of another tool's: look at so much after that; default and -1: all of it
    #[arg(long, value_name = "LENGTH", value_parser = at_most, allow_hyphen_values = true)]
    pub(super) duration: Option<AtMost>,
    /// Of another tool's: one point of figures over time; default: 1m
    #[arg(long, alias = "bucketsize", value_name = "LENGTH", value_parser = length)]
    pub(super) bucket: Option<Duration>,
    /// Of another tool's: where the report goes; default: the folder `report` in its directory
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct KnowsArgs {
    /// The directory
    pub(super) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct DataArgs {
    #[command(subcommand)]
    pub(super) command: DataCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// Say of each data set where it comes from and what its substitute cannot show
    List,
    /// Read an original file and lay it out for the experiments
    Prepare {
        /// Name of the data set
        name: String,
        /// The original: a file or an http(s) URL; `data list` says where to get it
        #[arg(long)]
        from: Option<String>,
        /// Its expected SHA-256
        #[arg(long)]
        sha256: Option<String>,
    },
    /// Ready the data of an experiment ahead of its runs, generating what it generates
    Generate {
        /// The experiment
        experiment: String,
        /// The profile whose sizes to take: a name under fixtures/profiles, or a path
        #[arg(long, default_value = "local")]
        profile: String,
        /// Override a key of the experiment's section, as for `exp`
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Send prepared data to another place; it is whole there only once all of it arrived
    Upload {
        /// Name of the data set
        name: String,
        /// s3://BUCKET/FOLDER, another object store's URL, or [USER@]HOST:FOLDER for rsync
        #[arg(long, value_name = "PLACE")]
        to: Place,
        /// Keys of entries, as `data list` prints them; default: all
        #[arg(long, value_delimiter = ',')]
        key: Vec<String>,
    },
    /// Get prepared data from another place, if what arrives is what was sent
    Download {
        /// Name of the data set
        name: String,
        /// As for `upload`
        #[arg(long, value_name = "PLACE")]
        from: Place,
        /// Keys of entries; default: all that are there
        #[arg(long, value_delimiter = ',')]
        key: Vec<String>,
    },
    /// Compare prepared data with the checksums recorded when it was made
    Verify {
        /// Names of data sets; default: all
        names: Vec<String>,
    },
}

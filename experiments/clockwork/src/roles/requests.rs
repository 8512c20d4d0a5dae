//! The workload that words on the command line ask for.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    models::Catalogue,
    trace::read_day,
    workload::{Parts, Workload, by_name},
};

/// The flags.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct WorkloadArgs {
    /// The directory with the day files of the trace, for workloads that replay it.
    #[arg(long, value_name = "DIR", env = "AZURE_TRACE_DIR")]
    trace_dir: Option<PathBuf>,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// The workload and its parameters, such as `azure 8`.
    #[arg(required = true, value_name = "WORKLOAD")]
    words: Vec<String>,
}

impl WorkloadArgs {
    /// Makes it.
    ///
    /// # Errors
    /// As [`by_name`].
    pub(super) fn workload(&self) -> anyhow::Result<Box<dyn Workload>> {
        let varieties: Vec<_> =
            Catalogue::published().deployed().map(|variety| variety.name.clone()).collect();
        let day = |day| {
            let dir = self.trace_dir.as_ref().context("there is no trace\n(hint: --trace-dir DIR)");
            Ok(read_day(dir?, day)?)
        };
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        by_name(&words, &Parts { varieties: &varieties, day: &day, seed: self.seed })
    }
}

//! The list of workloads and of their arguments.

use anyhow::{Context as _, Result, bail};

use super::{
    build,
    words::{Argument, Words, optional, required},
};
use crate::{trace::Day, workload::Workload};

/// What workloads are made of.
pub struct Parts<'a> {
    /// The names of all varieties that `azure` deploys.
    pub varieties: &'a [String],
    /// Gets a day of the trace, 1 to 14.
    pub day: &'a dyn Fn(u8) -> Result<Day>,
    /// Everything random follows from it.
    pub seed: u64,
}

type Build = fn(&Words<'_>, &Parts<'_>) -> Result<Box<dyn Workload>>;

/// A workload: its name, its arguments in groups, and how it is made.
struct Entry {
    name: &'static str,
    arguments: &'static [&'static [Argument]],
    build: Build,
}

/// All of them, in the order of the help.
const WORKLOADS: &[Entry] = &[
    Entry {
        name: "azure",
        arguments: &[&[
            optional("num_workers", "1"),
            optional("use_all_models", "1"),
            optional("load_factor", "1.0"),
            optional("memory_load_factor", "4"),
            optional("interval", "60"),
            optional("trace", "1"),
            optional("randomise", "0"),
        ]],
        build: build::azure,
    },
    Entry {
        name: "azure_scalability_exp",
        arguments: &[&[
            required("num_workers"),
            required("load_factor_min"),
            required("load_factor_max"),
            required("load_factor_inc"),
            required("period"),
            required("memory_load_factor"),
        ]],
        build: build::azure_scalability,
    },
    Entry {
        name: "poisson-open-loop",
        arguments: &[&[required("num_models"), required("rate")]],
        build: build::open_loops,
    },
    Entry {
        name: "comparison_experiment",
        arguments: &[&[optional("num_models", "15"), optional("rate", "1000")]],
        build: build::open_loops,
    },
    Entry {
        name: "comparison_experiment2",
        arguments: &[&[optional("num_models", "15"), optional("concurrency", "16")]],
        build: build::closed,
    },
    Entry {
        name: "bursty_experiment",
        arguments: &[&[optional("num_models", "3600")]],
        build: build::bursty_models,
    },
    Entry { name: "slo-exp-1", arguments: &[FOREGROUND], build: build::slo_1 },
    Entry { name: "slo-exp-2", arguments: &[FOREGROUND, BACKGROUND], build: build::slo_2 },
];

const FOREGROUND: &[Argument] = &[
    required("model"),
    required("copies"),
    required("dist"),
    required("rate"),
    required("slo_start"),
    required("slo_end"),
    required("slo_factor"),
    required("slo_op"),
    required("period"),
];

const BACKGROUND: &[Argument] =
    &[required("copies_bg"), required("concurrency_bg"), required("slo_bg")];

/// Makes the workload that words such as `comparison_experiment 15 1000` ask for.
///
/// # Errors
/// If there is no such workload, an argument is missing, superfluous or makes no sense,
/// or the trace cannot be read.
pub fn by_name(words: &[&str], parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let (name, values) = words.split_first().context("a workload has a name")?;
    let Some(entry) = WORKLOADS.iter().find(|entry| entry.name == *name) else {
        let names: Vec<&str> = WORKLOADS.iter().map(|entry| entry.name).collect();
        bail!("no workload is called `{name}`\n(hint: expected one of {})", names.join(", "));
    };
    let words = Words::new(entry.name, entry.arguments, values)?;
    (entry.build)(&words, parts).with_context(|| format!("workload `{name}`"))
}

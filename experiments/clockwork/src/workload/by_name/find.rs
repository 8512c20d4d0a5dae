//! From words to a workload.

use anyhow::{Context as _, Result, bail};

use super::{
    table::{Entry, WORKLOADS},
    words::Words,
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

/// Makes the workload that words such as `comparison_experiment 15 1000` ask for.
///
/// # Errors
/// If there is no such workload, an argument is missing, superfluous or makes no sense,
/// or the trace cannot be read.
pub fn by_name(words: &[&str], parts: &Parts<'_>) -> Result<Box<dyn Workload>> {
    let (name, values) = words.split_first().context("a workload has a name")?;
    let Some(entry) = WORKLOADS.iter().find(|entry| entry.name == *name) else {
        bail!("no workload is called `{name}`\n(hint: {})", hint(name));
    };
    let words = Words::new(entry.name, entry.arguments, values)?;
    (entry.build)(&words, parts).with_context(|| format!("workload `{name}`"))
}

/// The nearest name if one is near, or else all of them.
fn hint(name: &str) -> String {
    let names = || WORKLOADS.iter().map(|entry: &Entry| entry.name);
    let near = names()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 2)
        .min();
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}", names().collect::<Vec<_>>().join(", ")),
    }
}

//! Reads back what a run measured: its attempts, and those that count.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context as _;

use crate::{
    experiment::{AnyExperiment, StoredTrial},
    run_dir::{Attempt, RunDir},
};

/// Every finished attempt with the directory that holds its files, in the
/// order of the experiment's sweep, then by trial, then by number. It is found
/// on disk and not by the plan, so that nothing that was measured is
/// overlooked; points that the sweep no longer has come last.
pub(super) fn attempts_in_order(
    dir: &RunDir,
    experiment: &dyn AnyExperiment,
) -> anyhow::Result<Vec<(PathBuf, Attempt)>> {
    let sweep = experiment.sweep(&dir.read_manifest()?.profile.params)?;
    let ranks: BTreeMap<_, _> =
        sweep.iter().enumerate().map(|(rank, (point, _))| (point.to_string(), rank)).collect();
    let mut stored = dir.stored_attempts()?;
    // The sort is stable: within a point the order of the directory remains.
    stored.sort_by_cached_key(|(_, attempt)| {
        let point = attempt.point.to_string();
        (ranks.get(&point).copied().unwrap_or(usize::MAX), point)
    });
    Ok(stored)
}

/// The trials that enter the analysis: of each, the last attempt that counts.
pub(super) fn counting_trials(stored: &[(PathBuf, Attempt)]) -> anyhow::Result<Vec<StoredTrial>> {
    let counting: Vec<_> = stored.iter().filter(|(_, attempt)| attempt.counts()).collect();
    let of_one_trial = counting
        .chunk_by(|(_, one), (_, next)| (&one.point, one.trial) == (&next.point, next.trial));
    of_one_trial
        .filter_map(<[_]>::last)
        .map(|(dir, attempt)| {
            let path = Attempt::record(dir);
            let record =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let (point, usage) = (attempt.point.clone(), attempt.usage.clone());
            Ok(StoredTrial { point, record, path, usage })
        })
        .collect()
}

//! `status`: the runs of this checkout and how far they came.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    driver::exp::{print, results_dir},
    experiment::PointId,
    fault::Outcome,
    run_dir::RunDir,
};

/// Prints two lines per run, the oldest first.
pub(super) fn status() -> anyhow::Result<Outcome> {
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

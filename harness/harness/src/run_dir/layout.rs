//! Where each file of a run lies.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use targets::label::RunLabel;

use crate::{
    experiment::PointId,
    fault::Fault,
    run_dir::{Attempt, Manifest},
};

/// The folder of all trials.
const TRIALS: &str = "trials";
/// How the folders of attempts begin; their number follows.
const ATTEMPT: &str = "attempt-";

/// The file with the uncommitted changes of the checkout, also as a report that
/// lies beside it names it.
pub(crate) const DIRTY_PATCH: &str = "dirty.patch";

/// `results/<experiment>/<UTC time>-<profile>-<id>/`.
#[derive(Debug, Clone)]
pub(crate) struct RunDir {
    root: PathBuf,
}

impl RunDir {
    /// Makes the directory of a new run under `results`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn create(
        results: &Path,
        experiment: &str,
        profile: &str,
        label: &RunLabel,
    ) -> anyhow::Result<Self> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let root = results.join(experiment).join(format!("{now}-{profile}-{label}"));
        fs::create_dir_all(root.join(TRIALS))
            .with_context(|| format!("make the run directory {}", root.display()))?;
        let root = root.canonicalize().with_context(|| format!("find {}", root.display()))?;
        Ok(Self { root })
    }

    /// Opens an existing run's directory.
    ///
    /// # Errors
    /// A usage error if it holds no manifest.
    pub(crate) fn open(root: &Path) -> anyhow::Result<Self> {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let dir = Self { root };
        if !dir.manifest().is_file() {
            return Err(Fault::usage(format!(
                "{} is no run directory: it has no manifest.json\n\
                 (hint: `cargo xtask status` lists the runs)",
                dir.root.display()
            )));
        }
        Ok(dir)
    }

    /// The directory itself.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What ran, where and with what.
    #[must_use]
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    /// The write-ahead list of resources.
    #[must_use]
    pub(crate) fn ledger(&self) -> PathBuf {
        self.root.join("ledger.jsonl")
    }

    /// The run's log; its last line is the outcome.
    #[must_use]
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("run.log")
    }

    /// Table, series and measures with their intervals.
    #[must_use]
    pub(crate) fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }

    /// The verdict on every claim.
    #[must_use]
    pub(crate) fn claims(&self) -> PathBuf {
        self.root.join("claims.json")
    }

    /// The report for a terminal or a pull request.
    #[must_use]
    pub(crate) fn report_markdown(&self) -> PathBuf {
        self.root.join("report.md")
    }

    /// The report for a browser, self-contained.
    #[must_use]
    pub(crate) fn report_html(&self) -> PathBuf {
        self.root.join("report.html")
    }

    /// The path of a file of the run, as a report that lies in its directory
    /// names it.
    #[must_use]
    pub(crate) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// A figure; `extension` is `svg` or `pdf`.
    #[must_use]
    pub(crate) fn figure(&self, id: &str, extension: &str) -> PathBuf {
        self.root.join("figures").join(format!("{id}.{extension}"))
    }

    /// Uncommitted changes of the checkout that ran.
    #[must_use]
    pub(crate) fn dirty_patch(&self) -> PathBuf {
        self.root.join(DIRTY_PATCH)
    }

    /// The directory of one attempt at a trial.
    #[must_use]
    pub(crate) fn attempt(&self, point: &PointId, trial: u32, attempt: u32) -> PathBuf {
        self.trial(point, trial).join(format!("{ATTEMPT}{attempt}"))
    }

    /// The faults that an attempt injected, in its directory.
    #[must_use]
    pub(crate) fn faults(attempt: &Path) -> PathBuf {
        attempt.join("faults.jsonl")
    }

    /// What the hosts used while an attempt's workload ran, in its directory.
    #[must_use]
    pub(crate) fn hosts(attempt: &Path) -> PathBuf {
        attempt.join("hosts.jsonl")
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// If it is missing or malformed.
    pub(crate) fn read_manifest(&self) -> anyhow::Result<Manifest> {
        let path = self.manifest();
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))
    }

    /// The finished attempts at a trial, oldest first. An attempt without its
    /// closing file was cut off and does not count.
    ///
    /// # Errors
    /// If a closing file is malformed.
    pub(crate) fn attempts(
        &self,
        point: &PointId,
        trial: u32,
    ) -> anyhow::Result<Vec<(PathBuf, Attempt)>> {
        let mut attempts = Vec::new();
        for number in 1.. {
            let dir = self.attempt(point, trial, number);
            if !dir.is_dir() {
                break;
            }
            let closing = Attempt::file(&dir);
            if closing.is_file() {
                attempts.push((dir, Attempt::read(&closing)?));
            }
        }
        Ok(attempts)
    }

    /// Every finished attempt at every trial, by point, trial and number.
    ///
    /// # Errors
    /// If a directory cannot be listed or a closing file is malformed.
    pub(crate) fn stored_attempts(&self) -> anyhow::Result<Vec<(PathBuf, Attempt)>> {
        let mut attempts = Vec::new();
        for point in folders(&self.root.join(TRIALS))? {
            for trial in folders(&point)? {
                for dir in folders(&trial)? {
                    let closing = Attempt::file(&dir);
                    if closing.is_file() {
                        attempts.push((dir, Attempt::read(&closing)?));
                    }
                }
            }
        }
        Ok(attempts)
    }

    /// Makes the directory of the next attempt at a trial.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn next_attempt(&self, point: &PointId, trial: u32) -> anyhow::Result<PathBuf> {
        let dir = (1..)
            .map(|number| self.attempt(point, trial, number))
            .find(|dir| !dir.exists())
            .expect("the numbers do not end");
        fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        Ok(dir)
    }

    fn trial(&self, point: &PointId, trial: u32) -> PathBuf {
        self.root.join(TRIALS).join(point.to_string()).join(trial.to_string())
    }
}

/// The folders in `dir`, by name; numbers by value.
fn folders(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot_list = || format!("list {}", dir.display());
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).with_context(cannot_list)? {
        let path = entry.with_context(cannot_list)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort_by_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number: u64 = name.trim_start_matches(ATTEMPT).parse().unwrap_or(0);
        (number, name)
    });
    Ok(folders)
}

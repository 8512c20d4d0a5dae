//! A run's directory as a stranger reads it: by its files alone.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A run's directory.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    root: PathBuf,
}

/// One finished attempt at a trial.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) dir: PathBuf,
    /// `toy=red #1`, as the plan prints it.
    pub(crate) trial: String,
    pub(crate) seed: u64,
    pub(crate) started: String,
    /// Everything that its closing file says.
    pub(crate) json: Value,
}

impl Run {
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub(crate) fn name(&self) -> String {
        self.root.file_name().unwrap().to_str().unwrap().to_owned()
    }

    /// The label that everything of the run carries; also the end of its name.
    pub(crate) fn label(&self) -> String {
        self.name().rsplit('-').next().unwrap().to_owned()
    }

    /// Whether the ledger ends with the run's clean end.
    pub(crate) fn has_ended(&self) -> bool {
        self.read("ledger.jsonl").lines().last().is_some_and(|line| line.contains("\"ended\""))
    }

    /// Every finished attempt, in the order in which they began.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let mut attempts: Vec<_> = files_named("trial.json", &self.path("trials"))
            .into_iter()
            .map(|path| {
                let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let toy = json["point"]["toy"].as_str().unwrap();
                Attempt {
                    dir: path.parent().unwrap().to_owned(),
                    trial: format!("toy={toy} #{}", json["trial"]),
                    seed: json["seed"].as_u64().unwrap(),
                    started: json["started"].as_str().unwrap().to_owned(),
                    json,
                }
            })
            .collect();
        attempts.sort_by(|one, next| one.started.cmp(&next.started));
        attempts
    }

    /// The attempts at trials of one toy.
    pub(crate) fn attempts_at(&self, toy: &str) -> Vec<Attempt> {
        let mut attempts = self.attempts();
        attempts.retain(|attempt| attempt.json["point"]["toy"] == toy);
        attempts
    }

    /// Trials and seeds that have a result, as [`planned`] reads them.
    pub(crate) fn results(&self) -> Vec<(String, u64)> {
        let mut results: Vec<_> = self
            .attempts()
            .into_iter()
            .filter(Attempt::has_result)
            .map(|attempt| (attempt.trial, attempt.seed))
            .collect();
        results.sort();
        results
    }
}

impl Attempt {
    pub(crate) fn has_result(&self) -> bool {
        self.json["status"] == "completed" && self.dir.join("record.json").exists()
    }

    /// The reasons against it, as JSON.
    pub(crate) fn reasons(&self) -> &[Value] {
        self.json["validity"]["reasons"].as_array().unwrap()
    }

    /// The message of a failure; nothing if it did not fail.
    pub(crate) fn failure(&self) -> &str {
        self.json["status"]["failed"].as_str().unwrap_or_default()
    }
}

/// Trials and seeds as `plan` prints them, in its order.
pub(super) fn planned(stdout: &str) -> Vec<(String, u64)> {
    let trial = |line: &str| {
        let (trial, seed) = line.trim().split_once(" (seed ")?;
        Some((trial.to_owned(), seed.strip_suffix(')')?.parse().ok()?))
    };
    stdout.lines().filter_map(trial).collect()
}

fn files_named(name: &str, dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_named(name, &path));
        } else if path.file_name().is_some_and(|own| own == name) {
            found.insert(path);
        }
    }
    found
}

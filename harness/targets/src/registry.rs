//! The user's registry of runs, by which `gc` finds the ledger of any checkout.
//!
//! One file per run that has not ended cleanly, named after its label; it
//! holds the ledger's path and says who the driver is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{label::RunLabel, process::Incarnation};

/// The environment variable that moves the registry elsewhere.
pub const STATE_VARIABLE: &str = "REPRISE_STATE_DIR";

/// A directory with one file per run that may have left something.
#[derive(Debug, Clone)]
pub struct Registry {
    state: PathBuf,
}

/// One run of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The run's label.
    pub label: RunLabel,
    /// Its ledger.
    pub ledger: PathBuf,
    /// Its driver when it was entered.
    pub driver: Incarnation,
}

impl Registry {
    /// The registry in a state directory of the caller's choice.
    #[must_use]
    pub fn in_dir(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    /// The user's own: REPRISE_STATE_DIR, or `reprise` under XDG_STATE_HOME,
    /// or `~/.local/state/reprise`.
    ///
    /// # Errors
    /// If none of the three variables is set.
    pub fn of_user() -> anyhow::Result<Self> {
        let set =
            |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set(STATE_VARIABLE)
            .or_else(|| set("XDG_STATE_HOME").map(|state| state.join("reprise")))
            .or_else(|| set("HOME").map(|home| home.join(".local/state/reprise")))
            .map(|state| Self::in_dir(&state))
            .with_context(|| format!("no place for the registry (hint: set {STATE_VARIABLE})"))
    }

    /// The state directory that it is in.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The runs that may have left something, by label.
    ///
    /// # Errors
    /// If the registry exists and cannot be read.
    pub fn runs(&self) -> anyhow::Result<Vec<Registered>> {
        let entries = match fs::read_dir(self.runs_dir()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(error).with_context(|| self.failing("read")),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| self.failing("read"))?;
            // Half-written entries and strangers' files are no runs.
            if RunLabel::parse(&entry.file_name().to_string_lossy()).is_ok() {
                runs.extend(self.read(&entry.path())?);
            }
        }
        runs.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(runs)
    }

    /// Enters a run. The file appears whole or not at all.
    pub(crate) fn enter(&self, run: &Registered) -> anyhow::Result<()> {
        let write = || {
            fs::create_dir_all(self.runs_dir())?;
            let draft = self.runs_dir().join(format!("{}.new", run.label));
            fs::write(&draft, serde_json::to_vec(run)?)?;
            fs::rename(draft, self.entry(&run.label))
        };
        write().with_context(|| self.failing("write to"))
    }

    /// Forgets a run of which nothing is left.
    pub(crate) fn leave(&self, label: &RunLabel) -> anyhow::Result<()> {
        match fs::remove_file(self.entry(label)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| self.failing("write to"))
            }
            _ => Ok(()),
        }
    }

    /// `None` if the run ended while we looked.
    fn read(&self, path: &Path) -> anyhow::Result<Option<Registered>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| self.failing("read")),
        };
        let run = serde_json::from_slice(&text).with_context(|| {
            format!("{} is no entry of a run (hint: remove it)", path.display())
        })?;
        Ok(Some(run))
    }

    fn entry(&self, label: &RunLabel) -> PathBuf {
        self.runs_dir().join(label.as_str())
    }

    fn runs_dir(&self) -> PathBuf {
        self.state.join("runs")
    }

    fn failing(&self, verb: &str) -> String {
        format!("{verb} the registry of runs {}", self.runs_dir().display())
    }
}

//! A log of what a live scheduler was told and what it decided, for replays.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{Action, Event};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What happened.
    pub event: Event,
    /// What the scheduler decided.
    pub actions: Vec<Action>,
}

/// Writes steps as JSON lines.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
}

impl Recorder {
    /// Records to a new file at `path`.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file) })
    }

    /// Appends a step. A log that cannot be written does not stop the host.
    pub fn record(&mut self, step: &Step) {
        let json = serde_json::to_string(step).expect("a step is plain data");
        if let Err(error) = writeln!(self.file, "{json}").and_then(|()| self.file.flush()) {
            eprintln!("record a scheduling step: {error}");
        }
    }

    /// Reads a log back.
    ///
    /// # Errors
    /// If it cannot be read or is no log.
    pub fn read(path: &Path) -> anyhow::Result<Vec<Step>> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("read the scheduling log {}", path.display()))?;
        text.lines().map(|line| serde_json::from_str(line).context("read a step")).collect()
    }
}

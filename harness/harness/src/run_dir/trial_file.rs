//! The file that closes an attempt at a trial: it is written last, so a
//! directory without it holds an attempt that was cut off.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use targets::{audit::Leak, host::HostBill, usage::Usage};

use crate::{experiment::PointId, run::validity::Validity};

/// One finished attempt at one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attempt {
    /// The point.
    pub point: PointId,
    /// The repetition, from 1.
    pub trial: u32,
    /// The seed of the trial's random choices.
    pub seed: u64,
    /// When it began.
    pub started: jiff::Timestamp,
    /// How long it took, from provisioning to the audit.
    pub duration_s: f64,
    /// How it ended.
    pub status: TrialStatus,
    /// Whether its numbers may be used.
    pub validity: Validity,
    /// What each instance used.
    pub usage: Vec<Usage>,
    /// What each host used while the workload ran; empty if nothing was billed.
    #[serde(default)]
    pub hosts: Vec<HostBill>,
    /// What was left behind and is certainly ours.
    pub leaks: Vec<Leak>,
    /// What appeared meanwhile and nobody owns to: mostly the files of programs
    /// beside us, so it is kept for the reader and does not spoil the trial.
    pub suspects: Vec<Leak>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrialStatus {
    /// It has a record.
    Completed,
    /// It has none, because of this.
    Failed(String),
}

impl Attempt {
    /// Where an attempt's closing file lies in its directory.
    #[must_use]
    pub(crate) fn file(dir: &Path) -> PathBuf {
        dir.join("trial.json")
    }

    /// Where its record lies.
    #[must_use]
    pub(crate) fn record(dir: &Path) -> PathBuf {
        dir.join("record.json")
    }

    /// Whether its record enters summaries, claims and snapshots.
    #[must_use]
    pub(crate) fn counts(&self) -> bool {
        self.status == TrialStatus::Completed && !self.validity.is_invalid()
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))
    }
}

//! The knobs of the experiment, its points and what a trial records.

use std::{path::Path, time::Duration};

use faasm::client::{EpochLoss, TrainingRun};
use harness::{Usage, one_or_many};
use serde::{Deserialize, Serialize};

use crate::support::{
    billing::{memory_peak_bytes, network_bytes},
    deployment::{Mode, Replicas},
    results::read_json,
};

/// The section `[sgd]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How functions are isolated and reached.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) mode: Vec<Mode>,
    /// Parallel functions (the paper's N_WORKERS).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) workers: Vec<u32>,
    /// Containers or runtimes.
    pub(crate) replicas: Replicas,
    /// Updates of a single weight between two pushes of the weights; negative
    /// never pushes within an epoch.
    pub(crate) interval: i64,
    /// Passes over the documents (paper: 20).
    pub(crate) epochs: u32,
    /// Documents to train on; all of them if there are fewer (paper: 781,265).
    pub(crate) documents: usize,
    /// `generated`, `rcv1` (prepared), or the path of a text file.
    pub(crate) data: String,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// See [`Mode`].
    pub(crate) mode: Mode,
    /// Parallel functions.
    pub(crate) workers: u32,
}

/// What one trial measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Wall-clock time of the whole training call.
    pub(crate) training_s: f64,
    /// The loss after each epoch.
    pub(crate) losses: Vec<EpochLoss>,
    /// Bytes the function instances sent and received during training.
    pub(crate) network_bytes: u64,
    /// Peak memory of the function instances, summed.
    pub(crate) memory_peak_bytes: u64,
}

impl Params {
    /// Every mode with every number of workers, by workers within a mode.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        anyhow::ensure!(self.epochs > 0, "`epochs` must be at least 1");
        anyhow::ensure!(self.interval != 0, "`interval` must not be 0; negative never pushes");
        let n_documents = self.documents;
        for workers in &self.workers {
            anyhow::ensure!(
                (1..n_documents).contains(&(*workers as usize)),
                "`workers` = {workers} must lie between 1 and the {n_documents} documents"
            );
        }
        let with_workers =
            |mode: Mode| self.workers.iter().map(move |n| Point { mode, workers: *n });
        Ok(self.mode.iter().copied().flat_map(with_workers).collect())
    }

    /// About 76 updates a document and epoch, 50 million of them a second, and
    /// a second to start and stop everything.
    pub(crate) fn expected(&self, point: &Point) -> Duration {
        let n_updates = self.documents as f64 * 76.0 * f64::from(self.epochs);
        let starting = Duration::from_millis(500 + 20 * u64::from(point.workers));
        starting + Duration::from_secs_f64(n_updates / 5e7)
    }
}

impl Record {
    /// Combines the file that the client's training writes with the usage of the function instances
    /// before and after the training.
    pub(crate) fn read(files: &Path, before: &[Usage], after: &[Usage]) -> anyhow::Result<Self> {
        let run: TrainingRun = read_json(&files.join("run.json"))?;
        Ok(Self {
            training_s: run.training_s,
            losses: run.losses,
            network_bytes: network_bytes(before, after)?,
            memory_peak_bytes: memory_peak_bytes(after),
        })
    }
}

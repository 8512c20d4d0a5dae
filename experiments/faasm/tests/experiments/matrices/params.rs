//! The knobs of the experiment, its points and what a trial records.

use std::time::Duration;

use faasm::matrices::{Checked, Layout};
use harness::one_or_many;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::support::deployment::{Mode, Replicas};

/// The section `[matrices]` of a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Params {
    /// How functions are isolated and reached.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) mode: Vec<Mode>,
    /// Rows of the matrices (paper: 100, 1000, 2000 to 8000).
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) sizes: Vec<usize>,
    /// How often rows and columns are halved (paper: 2).
    pub(crate) splits: u32,
    /// The paper's N_WORKERS, the same throughout.
    pub(crate) workers: u32,
    /// Containers or runtimes.
    pub(crate) replicas: Replicas,
    /// The original's PYTHON_PRELOAD, which nothing here could obey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) python_preload: Option<OfPython>,
    /// The original's PYTHON_CODEGEN, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) python_codegen: Option<OfPython>,
}

/// A setting of an interpreter that there is none of.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OfPython;

impl<'de> Deserialize<'de> for OfPython {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "the guests are Rust where the original ran CPython and NumPy, so no setting of \
             Python's has an effect\n(hint: leave it out)",
        ))
    }
}

/// One configuration of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// See [`Mode`].
    pub(crate) mode: Mode,
    /// Rows of the matrices.
    pub(crate) size: usize,
}

/// What one trial measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Wall-clock time of the whole multiplication.
    pub(crate) duration_s: f64,
    /// Executions of the function that it took.
    pub(crate) n_executed: u64,
    /// How the product compares with one computed otherwise.
    pub(crate) checked: Checked,
    /// Bytes the function instances sent and received meanwhile.
    pub(crate) network_bytes: u64,
    /// Peak memory of the function instances, summed.
    pub(crate) memory_peak_bytes: u64,
}

impl Params {
    /// Every mode with every size, by size within a mode.
    pub(crate) fn points(&self) -> anyhow::Result<Vec<Point>> {
        anyhow::ensure!(self.workers > 0, "`workers` must be at least 1");
        for size in &self.sizes {
            Layout::new(*size, self.splits)?;
        }
        let (n_native, n_needed) =
            (self.replicas.of(Mode::Native, self.workers), self.n_native_needed());
        anyhow::ensure!(
            !self.mode.contains(&Mode::Native) || n_native >= n_needed,
            "{n_native} native containers cannot multiply: {} calls wait for those that they \
             chained, each in a container of its own, and one more must work\n\
             (hint: `workers` or `replicas.native` = {n_needed})",
            n_needed - 1
        );
        let with_sizes =
            |mode: Mode| self.sizes.iter().map(move |size| Point { mode, size: *size });
        Ok(self.mode.iter().copied().flat_map(with_sizes).collect())
    }

    /// Containers without which all would wait: every chained call that merges
    /// keeps one busy until its own calls have ended.
    fn n_native_needed(&self) -> u32 {
        (1..self.splits).map(|level| 8_u32.saturating_pow(level)).sum::<u32>() + 1
    }

    /// About 2·10¹⁰ operations and half a gigabyte a second, and a second and a
    /// half for the rest.
    pub(crate) fn expected(&self, point: &Point) -> Duration {
        let n = point.size as f64;
        let n_moved_bytes = 4.0 * n * n * f64::from(4_u32 << self.splits);
        Duration::from_secs_f64(1.5 + 2.0 * n.powi(3) / 2e10 + n_moved_bytes / 5e8)
    }
}

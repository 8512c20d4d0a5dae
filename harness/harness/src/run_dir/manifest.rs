//! What ran: enough for a stranger to run it again.

use serde::{Deserialize, Serialize};
use targets::{artifact::Artifact, label::RunLabel};

use super::{Machine, Provenance};
use crate::{
    dataset::DataUsed,
    profile::{Environment, Profile},
};

/// The manifest of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Version of this format.
    pub schema: u32,
    /// The run's label.
    pub label: RunLabel,
    /// The system.
    pub system: String,
    /// The experiment.
    pub experiment: String,
    /// The command that was typed.
    pub command: Vec<String>,
    /// When the run began.
    pub started: jiff::Timestamp,
    /// The resolved profile.
    pub profile: Profile,
    /// `--set` overrides; a run with any has no snapshot.
    pub overrides: Vec<String>,
    /// `--points`; a run with any has no snapshot.
    pub points: Vec<String>,
    /// The environment that the profile names, or `--env` in its place.
    pub environment: Environment,
    /// The machine.
    pub machine: Machine,
    /// Where code and binary come from.
    pub provenance: Provenance,
    /// Data sets with their digests.
    pub data: Vec<DataUsed>,
    /// What the target made for the run, such as images.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
}

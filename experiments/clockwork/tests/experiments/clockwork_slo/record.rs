//! What a trial records: the run, and which objectives there were when.

use clockwork::roles::Observed;
use serde::{Deserialize, Serialize};

use super::objectives::Objectives;

/// A trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Its objectives.
    pub(super) objectives: Objectives,
    /// What it came to.
    pub(super) observed: Observed,
}

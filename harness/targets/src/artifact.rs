//! What a target makes once for a whole run, such as an image.

use serde::{Deserialize, Serialize};

/// Something made from a program before the first trial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// What it is, such as `image`.
    pub kind: String,
    /// Its name, such as `reprise/worker`.
    pub name: String,
    /// What identifies its content, such as `sha256:…`.
    pub digest: String,
}

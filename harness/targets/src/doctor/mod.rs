//! What this machine has for each target and what it lacks, whether or not the
//! target is compiled in: so this asks a daemon without its client library.

mod checkup;
pub(crate) mod docker;
pub(crate) mod local;
mod program;

pub use checkup::{Checkup, Platform};

use crate::settings::DockerSettings;

/// Looks at this machine once for every target that there is.
pub async fn checkups() -> Vec<Checkup> {
    let daemon = DockerSettings::default().daemon();
    vec![local::checkup().await, docker::checkup(&daemon).await]
}

//! What an environment tells its target, one section per target.

use serde::{Deserialize, Serialize};

/// The settings of all targets; a target reads its own section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// For the target `docker`.
    #[serde(default)]
    pub docker: DockerSettings,
}

/// Which daemon to use, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DockerSettings {
    /// The daemon, such as `unix:///run/docker.sock`; DOCKER_HOST if there is
    /// none, and Docker's usual socket without that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The IPv4 block, such as `10.64.0.0/10`, of which testbeds take networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

/// Where a daemon listens unless somebody says otherwise.
const USUAL_DAEMON: &str = "unix:///var/run/docker.sock";

impl DockerSettings {
    /// The daemon's address, as DOCKER_HOST has it.
    #[must_use]
    pub fn daemon(&self) -> String {
        let address = self.host.clone().or_else(|| std::env::var("DOCKER_HOST").ok());
        address.filter(|address| !address.is_empty()).unwrap_or_else(|| USUAL_DAEMON.to_owned())
    }
}

//! An environment file: the target and what the user puts in a role's place.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use targets::role::Probe;

/// An environment, as its file gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Environment {
    /// The kind of place, such as `local`.
    pub target: String,
    /// Roles that run something else than the system's own binary.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleOverride>,
}

/// What runs in the place of one role: the user's own system, the paper's
/// original, a real server instead of the embedded one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RoleOverride {
    /// The command and its arguments; `{addr:NAME}`, `{port:NAME}` and `{dir}`
    /// are filled in.
    pub command: Vec<String>,
    /// How to see that it is ready, if not as the role itself is seen.
    #[serde(default)]
    pub ready: Option<Probe>,
    /// Extra environment variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

impl Environment {
    /// Parses an environment file.
    ///
    /// # Errors
    /// With line and column: syntax, unknown or missing keys, wrong types.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let environment: Self = toml::from_str(text)
            .map_err(|error| anyhow::anyhow!("{}", error.to_string().trim_end()))?;
        for (role, replacement) in &environment.roles {
            replacement
                .command
                .first()
                .with_context(|| format!("role `{role}` has an empty command"))?;
        }
        Ok(environment)
    }
}

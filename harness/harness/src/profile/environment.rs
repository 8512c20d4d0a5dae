//! An environment file: the target and what the user puts in a role's place.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};
use targets::{
    role::{Probe, Program},
    settings::{DockerSettings, Settings},
};

use super::variables;
use crate::fault::Fault;

/// An environment, as its file gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Environment {
    /// The kind of place, such as `local`.
    pub target: String,
    /// Settings of the target `docker`.
    #[serde(default)]
    pub docker: DockerSettings,
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
    /// are filled in. With an image, what to run in it.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// A container image, for targets that run those.
    #[serde(default)]
    pub image: Option<String>,
    /// Files and directories of this machine that the command needs to run,
    /// such as an interpreter's library; targets elsewhere take them along.
    #[serde(default)]
    pub include: Vec<PathBuf>,
    /// How to see that it is ready, if not as the role itself is seen.
    #[serde(default)]
    pub ready: Option<Probe>,
    /// Extra environment variables; `{env:NAME}` takes a value from the user's.
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
            replacement.check(role)?;
        }
        Ok(environment)
    }

    /// The same with what it takes from the user's own variables, which no file
    /// of a run may hold.
    ///
    /// # Errors
    /// A shortfall, if one of them is not set.
    pub(crate) fn with_users_variables(&self) -> anyhow::Result<Self> {
        let mut filled = self.clone();
        for (role, replacement) in &mut filled.roles {
            replacement.env =
                variables::fill(role, &replacement.env, |name| std::env::var(name).ok())
                    .map_err(|error| Fault::unavailable(error.to_string()))?;
        }
        Ok(filled)
    }

    /// What the target needs to be told.
    pub(crate) fn settings(&self) -> Settings {
        Settings { docker: self.docker.clone() }
    }
}

impl RoleOverride {
    /// What runs in the role's place.
    pub(crate) fn program(&self) -> Program {
        match (&self.image, &self.command) {
            (Some(image), words) => Program::Image { image: image.clone(), words: words.clone() },
            (None, words) => Program::Command {
                words: words.clone().unwrap_or_default(),
                include: self.include.clone(),
            },
        }
    }

    fn check(&self, role: &str) -> anyhow::Result<()> {
        if self.command.as_ref().is_some_and(Vec::is_empty) {
            bail!("role `{role}` has an empty command");
        }
        ensure!(
            self.command.is_some() || self.image.is_some(),
            "role `{role}` names nothing to run\n(hint: give it a command or an image)"
        );
        ensure!(
            self.image.is_none() || self.include.is_empty(),
            "role `{role}` has both an image and an include\n\
             (hint: an image holds all that it needs)"
        );
        variables::check(role, &self.env)
    }
}

//! The two traits between an experiment's trial and the place it runs in.

use std::{path::Path, path::PathBuf, time::Duration};

use async_trait::async_trait;

use crate::{
    audit::Listing,
    label::RunLabel,
    ledger::{Ledger, Resource},
    role::{Instance, RoleSpec},
    usage::Usage,
};

/// A kind of place where roles run.
#[async_trait]
pub trait Target: Send + Sync {
    /// The target's name in profiles, trial names and feature flags.
    fn name(&self) -> &'static str;

    /// What this machine lacks for the target; empty if nothing.
    async fn shortfalls(&self) -> Vec<Shortfall>;

    /// Makes an empty testbed for one trial.
    async fn provision(&self, site: Site) -> anyhow::Result<Box<dyn Testbed>>;

    /// Everything of the kinds that this target makes which exists now,
    /// whoever made it: the audit compares two of these.
    async fn listing(&self, label: &RunLabel) -> anyhow::Result<Listing>;

    /// Removes one resource of a ledger; it may be half made or gone already.
    async fn remove(&self, label: &RunLabel, resource: &Resource) -> anyhow::Result<()>;
}

/// Where one trial's testbed keeps what it makes.
#[derive(Debug, Clone)]
pub struct Site {
    /// The label that every resource carries.
    pub label: RunLabel,
    /// The run's ledger; intents are on disk before the resource exists.
    pub ledger: Ledger,
    /// The trial's directory for logs, usage and collected files.
    pub dir: PathBuf,
}

/// A provisioned environment, for the length of one trial.
#[async_trait]
pub trait Testbed: Send + Sync {
    /// Starts one more instance of the role; it need not be ready yet.
    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance>;

    /// Waits for the role's probe. The error holds the instance's last log lines.
    async fn ready(&self, instance: &Instance) -> anyhow::Result<()>;

    /// Waits for a job to end. An error if it fails or outlasts `limit`.
    async fn finished(&self, instance: &Instance, limit: Duration) -> anyhow::Result<()>;

    /// What the instance has used so far.
    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage>;

    /// The last lines the instance printed.
    async fn log_tail(&self, instance: &Instance, n_lines: usize) -> anyhow::Result<String>;

    /// Copies the instance's directory `{dir}` into `into`.
    async fn collect(&self, instance: &Instance, into: &Path) -> anyhow::Result<()>;

    /// Instances that ended although nobody stopped them.
    async fn casualties(&self) -> anyhow::Result<Vec<Casualty>>;

    /// Stops one instance: asks first, forces after a grace period.
    async fn stop(&self, instance: &Instance) -> anyhow::Result<()>;

    /// Stops everything and removes everything. May be called twice.
    async fn tear_down(&self) -> anyhow::Result<()>;
}

/// Something that a target needs and the machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// What is missing, such as `no Docker daemon answers`.
    pub missing: String,
    /// The command that mends it.
    pub mend: String,
}

/// An instance that died on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Casualty {
    /// The instance.
    pub instance: Instance,
    /// How it ended, such as `killed by signal 9`.
    pub how: String,
}

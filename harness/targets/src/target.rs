//! The two traits between an experiment's trial and the place it runs in.

use std::{path::Path, path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    artifact::Artifact,
    audit::Listing,
    fault::{Delay, FillDisk, Kill, Partition, Pause, Restart, Throttle},
    host::HostReading,
    label::RunLabel,
    ledger::{Ledger, Resource},
    role::{Instance, Program, RoleSpec},
    usage::Usage,
};

/// A kind of place where roles run.
#[async_trait]
pub trait Target: Send + Sync {
    /// The target's name in profiles, trial names and feature flags.
    fn name(&self) -> &'static str;

    /// What this machine lacks for the target; empty if nothing.
    async fn shortfalls(&self) -> Vec<Shortfall>;

    /// What `gc` needs to know to find the target's resources again; it stands
    /// in the ledger's header.
    fn settings(&self) -> Value {
        Value::Null
    }

    /// Makes ready what takes long and all trials share, such as images, and
    /// says what it made. Programs that are not named here are prepared when
    /// the first instance starts.
    async fn prepare(
        &self,
        _programs: &[Program],
        _ledger: &Ledger,
    ) -> anyhow::Result<Vec<Artifact>> {
        Ok(vec![])
    }

    /// Makes an empty testbed for one trial.
    async fn provision(&self, site: Site) -> anyhow::Result<Box<dyn Testbed>>;

    /// Everything of the kinds that this target makes which exists now,
    /// whoever made it: the audit compares two of these.
    async fn listing(&self, label: &RunLabel) -> anyhow::Result<Listing>;

    /// Waits, for a moment, until what a driver that has just died had asked
    /// for has come into being: `outstanding` is what its ledger knows.
    async fn settle(&self, outstanding: &[Resource]);

    /// Removes one resource of a ledger; it may be half made or gone already.
    async fn remove(&self, label: &RunLabel, resource: &Resource) -> anyhow::Result<()>;

    /// Removes what the target keeps from run to run to be faster, such as
    /// images, as far as nobody uses it.
    async fn clear_cache(&self) -> anyhow::Result<Cleared> {
        Ok(Cleared::default())
    }
}

/// What became of the things that a target keeps from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// What was removed.
    pub removed: Vec<Resource>,
    /// What is still there, each with the reason.
    pub left: Vec<(Resource, String)>,
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
    /// What an instance is here, in a word: `process`, `container`.
    fn instances_are(&self) -> &'static str;

    /// Starts one more instance of the role; it need not be ready yet.
    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance>;

    /// Waits for the role's probe. The error holds the instance's last log lines.
    async fn ready(&self, instance: &Instance) -> anyhow::Result<()>;

    /// Waits for a job to end. An error if it fails or outlasts `limit`.
    async fn finished(&self, instance: &Instance, limit: Duration) -> anyhow::Result<()>;

    /// What the instance has used so far.
    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage>;

    /// What each host of the testbed has used since it was started, all that it
    /// does beside included. A host that shows nothing is not in it.
    async fn hosts(&self) -> anyhow::Result<Vec<HostReading>>;

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

    /// The power to kill, where the target has it; so for the other faults.
    fn kill(&self) -> Option<&dyn Kill> {
        None
    }

    /// See [`Pause`].
    fn pause(&self) -> Option<&dyn Pause> {
        None
    }

    /// See [`Restart`].
    fn restart(&self) -> Option<&dyn Restart> {
        None
    }

    /// See [`Partition`].
    fn partition(&self) -> Option<&dyn Partition> {
        None
    }

    /// See [`Throttle`].
    fn throttle(&self) -> Option<&dyn Throttle> {
        None
    }

    /// See [`Delay`].
    fn delay(&self) -> Option<&dyn Delay> {
        None
    }

    /// See [`FillDisk`].
    fn fill_disk(&self) -> Option<&dyn FillDisk> {
        None
    }
}

/// Something that a target needs and the machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// What is missing, such as `no Docker daemon answers`.
    pub missing: String,
    /// The command that mends it.
    pub mend: String,
}

/// The place where instances run went away, or lacks what it needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// An instance that died on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Casualty {
    /// The instance.
    pub instance: Instance,
    /// How it ended, such as `killed by signal 9`.
    pub how: String,
}

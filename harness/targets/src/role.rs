//! What runs: a role's program, its ports, its probe and its resources.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// A role as an experiment and an environment describe it together.
///
/// Arguments and environment values may hold placeholders that the target
/// fills in when it starts an instance, because only it knows the values:
/// `{addr:NAME}` and `{port:NAME}` are where to listen for the named port, and
/// `{dir}` is a directory of the instance's own whose files are collected.
#[derive(Debug, Clone)]
pub struct RoleSpec {
    /// The role's name, such as `worker`; instances are `worker-0`, `worker-1`.
    pub role: String,
    /// What to run.
    pub program: Program,
    /// Environment variables, on top of a minimal environment.
    pub env: BTreeMap<String, String>,
    /// The names of the TCP ports the role listens on.
    pub ports: Vec<String>,
    /// How to see that an instance is ready.
    pub ready: Probe,
    /// The longest wait until it is.
    pub ready_within: Duration,
    /// The port whose `/metrics` answers a `node::NetworkBytes`, if any does.
    pub metrics: Option<String>,
    /// Limits to enforce.
    pub resources: Resources,
    /// Files and directories of this machine that an instance reads, in
    /// absolute paths. It finds them at the same paths wherever it runs.
    pub inputs: Vec<PathBuf>,
}

/// What an instance executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The binary of the system under test, which needs nothing but itself.
    Own {
        /// Where it is on this machine.
        binary: PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// A command of this machine. A target that runs elsewhere takes along the
    /// program, the libraries it is linked with and what `include` names.
    Command {
        /// The program, a path or a name on PATH, and its arguments.
        words: Vec<String>,
        /// Files and directories that the program also needs to run, such as
        /// an interpreter's library.
        include: Vec<PathBuf>,
    },
    /// A container image.
    Image {
        /// Its name, tag or digest.
        image: String,
        /// What to run in it; the image's own command if there is none.
        words: Option<Vec<String>>,
    },
}

/// A condition that an instance meets once it is ready for work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Probe {
    /// `GET path` on the named port answers 2xx.
    Http {
        /// Name of the port.
        port: String,
        /// Path, such as `/readyz`.
        path: String,
    },
    /// The named port accepts connections.
    Tcp {
        /// Name of the port.
        port: String,
    },
    /// Nothing to wait for: a job that runs to its end.
    Started,
}

/// Limits of one instance; `None` means that the target does not limit it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resources {
    /// Processors.
    pub cpus: Option<f64>,
    /// Memory.
    pub memory_bytes: Option<u64>,
    /// What its directory `{dir}` may hold.
    pub disk_bytes: Option<u64>,
}

/// One running role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Unique within the testbed: the role's name and a number.
    pub id: String,
    /// The role's name.
    pub role: String,
    /// Where each named port is reached.
    pub addresses: BTreeMap<String, SocketAddr>,
}

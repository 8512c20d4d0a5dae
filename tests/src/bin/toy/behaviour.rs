//! What can go wrong in a trial of the toy system.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

/// How the trials of the afflicted points go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Behaviour {
    /// Well.
    Plain,
    /// The server dies in the middle.
    WorkerDies,
    /// The server dies if this file does not exist, and creates it first.
    WorkerDiesOnce(PathBuf),
    /// The job fails.
    JobFails,
    /// The job never ends.
    JobHangs,
    /// The server listens and never says that it is ready.
    NeverReady,
    /// The server exits with an error before it listens.
    ExitsBeforeReady,
    /// The server listens here instead of where it is told to.
    ListensOn(SocketAddr),
    /// The job leaves a daemon in a session of its own, with nothing in its
    /// environment, whose process id it writes to this file.
    LeavesDaemon(PathBuf),
    /// The job leaves this file.
    LeavesFile(PathBuf),
    /// The job counts failed requests.
    SeesErrors,
}

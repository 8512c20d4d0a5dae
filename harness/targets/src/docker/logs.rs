//! The logs of containers, written to files while they run.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::Context as _;
use bollard::{models::HostConfigLogConfig, query_parameters::LogsOptionsBuilder};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use super::daemon::Daemon;

/// How the daemon has to keep what a container prints, whatever its usual
/// driver is: so that it can be read.
pub(crate) fn readable() -> HostConfigLogConfig {
    HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(HashMap::new()) }
}

/// Opens the file for a container's log. What is there stays until it is
/// written over.
pub(crate) fn open(log: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(log);
    file.with_context(|| format!("create the log {}", log.display()))
}

/// Writes what the container prints to the file, from the start of its first
/// life to the end of this one: the daemon has the log of all. The task ends
/// when the log is whole.
pub(crate) fn follow(daemon: &Daemon, container: &str, mut file: File) -> JoinHandle<()> {
    let (daemon, container) = (daemon.clone(), container.to_owned());
    tokio::spawn(async move {
        let Ok(api) = daemon.api().await else { return };
        let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let mut output = Box::pin(api.logs(&container, Some(options)));
        // A daemon that goes away, or a full disk, ends the log early; both
        // show where they matter.
        while let Some(Ok(piece)) = output.next().await {
            if file.write_all(&piece.into_bytes()).is_err() {
                return;
            }
        }
    })
}

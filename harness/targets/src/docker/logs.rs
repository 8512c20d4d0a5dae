//! The logs of containers, written to files while they run.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use super::daemon::Daemon;

/// Appends what the container prints to the file, from the container's start
/// to its end. The task ends when the log is whole.
pub(crate) fn follow(daemon: &Daemon, container: &str, log: &Path) -> io::Result<JoinHandle<()>> {
    let mut file = File::create(log)?;
    let (daemon, container) = (daemon.clone(), container.to_owned());
    Ok(tokio::spawn(async move {
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
    }))
}

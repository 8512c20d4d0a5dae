//! How a container ended, and the task that waits for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bollard::{errors::Error, query_parameters::WaitContainerOptions};
use futures_util::StreamExt as _;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    daemon::{Daemon, Refusal as _},
    usage::ContainerAccount,
};

/// Exit codes above this are signals, as shells have it.
const SIGNALS: i64 = 128;

/// How long the last lines may take after the end.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How an instance ended.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) is_success: bool,
    pub(crate) was_asked_for: bool,
    pub(crate) how: String,
}

impl Ending {
    /// That of an instance that nobody watches any more.
    pub(crate) fn unwatched() -> Self {
        let how = "is no longer watched: the runtime that watched it has ended".to_owned();
        Self { is_success: false, was_asked_for: false, how }
    }
}

/// One life of a container, from a start to an end.
pub(crate) struct Life {
    pub(crate) daemon: Daemon,
    pub(crate) container: String,
    pub(crate) account: Arc<ContainerAccount>,
    /// Whether its end is wanted by now.
    pub(crate) is_stopping: Arc<AtomicBool>,
    /// Ends when the log is whole.
    pub(crate) log: JoinHandle<()>,
}

impl Life {
    /// Waits for the end, closes the account, and tells.
    pub(crate) async fn watch(self, ending: watch::Sender<Option<Ending>>) {
        let Self { daemon, container, account, is_stopping, log } = self;
        let ended = wait(&daemon, &container).await;
        account.close();
        let was_asked_for = is_stopping.load(Ordering::Acquire);
        let (is_success, how) = match ended {
            Ok(code) => (code == 0, describe(&daemon, &container, code).await),
            Err(error) => (false, format!("was lost: {error:#}")),
        };
        // Its last lines explain it; a daemon that is gone never ends the log.
        let _ = tokio::time::timeout(LAST_LINES, log).await;
        ending.send_replace(Some(Ending { is_success, was_asked_for, how }));
    }
}

/// Waits until the container does not run and returns its exit code.
async fn wait(daemon: &Daemon, container: &str) -> anyhow::Result<i64> {
    let waiting = daemon.api().await?.wait_container(container, None::<WaitContainerOptions>);
    match Box::pin(waiting).next().await {
        Some(Ok(answer)) => Ok(answer.status_code),
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(error.explain()),
        None => anyhow::bail!("the Docker daemon stopped watching it"),
    }
}

async fn describe(daemon: &Daemon, container: &str, code: i64) -> String {
    let was_out_of_memory = match daemon.api().await {
        Ok(api) => api.inspect_container(container, None).await.ok(),
        Err(_) => None,
    }
    .and_then(|container| container.state?.oom_killed)
    .unwrap_or_default();
    match code {
        _ if was_out_of_memory => "was killed: it exceeded its memory limit".to_owned(),
        code if code > SIGNALS => format!("killed by signal {}", code - SIGNALS),
        code => format!("exited with code {code}"),
    }
}

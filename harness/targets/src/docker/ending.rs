//! How a container ended, and the task that waits for it.

use std::{sync::Arc, time::Duration};

use bollard::{errors::Error, query_parameters::WaitContainerOptions};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use super::{
    daemon::{Daemon, Refusal as _},
    usage::ContainerAccount,
};
use crate::life::{End, Ending};

/// Exit codes above this are signals, as shells have it.
const SIGNALS: i64 = 128;

/// How long the last lines may take after the end.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What is watched of a container from a start to an end.
pub(crate) struct Watch {
    pub(crate) daemon: Daemon,
    pub(crate) container: String,
    pub(crate) account: Arc<ContainerAccount>,
    /// Ends when the log is whole.
    pub(crate) log: JoinHandle<()>,
    pub(crate) end: End,
}

impl Watch {
    /// Waits for the end, closes the account, and tells.
    pub(crate) async fn keep(self) {
        let Self { daemon, container, account, log, end } = self;
        let ended = wait(&daemon, &container).await;
        account.close();
        let was_asked_for = end.is_wanted();
        let (is_success, how) = match ended {
            Ok(code) => (code == 0, describe(&daemon, &container, code).await),
            Err(error) => (false, format!("was lost: {error:#}")),
        };
        // Its last lines explain it; a daemon that is gone never ends the log.
        let _ = tokio::time::timeout(LAST_LINES, log).await;
        end.tell(Ending { is_success, was_asked_for, how });
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

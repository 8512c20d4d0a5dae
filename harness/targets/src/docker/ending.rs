//! How a container ended, and the task that waits for it.

use std::{pin::pin, sync::Arc, time::Duration};

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

/// The last signal that Linux has; larger codes are a program's own.
const LAST_SIGNAL: i64 = 64;

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
        let mut waiting = pin!(wait(&daemon, &container));
        let known = tokio::select! {
            known = &mut waiting => Some(known),
            () = account.ended() => None,
        };
        // At once: the daemon, which may hear of the end only now, takes the
        // files away, and what is asked for from here on has not caused it.
        account.close();
        let was_asked_for = end.is_wanted();
        let known = match known {
            Some(known) => known,
            None => waiting.await,
        };
        let (is_success, how) = match known {
            Ok(code) => {
                let was_out_of_memory = was_out_of_memory(&daemon, &container).await;
                (code == 0, describe(code, was_out_of_memory))
            }
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

/// Whether the kernel killed something in it for want of memory, as far as the
/// daemon can say.
async fn was_out_of_memory(daemon: &Daemon, container: &str) -> bool {
    let Ok(api) = daemon.api().await else { return false };
    let inspected = api.inspect_container(container, None).await.ok();
    inspected.and_then(|container| container.state?.oom_killed).unwrap_or_default()
}

fn describe(code: i64, was_out_of_memory: bool) -> String {
    let signal = Some(code - SIGNALS).filter(|signal| (1..=LAST_SIGNAL).contains(signal));
    match (signal, was_out_of_memory) {
        (Some(_), true) => "was killed: it exceeded its memory limit".to_owned(),
        (Some(signal), false) => format!("killed by signal {signal}"),
        (None, true) => format!(
            "exited with code {code}, after a process of it was killed: it exceeded its memory limit"
        ),
        (None, false) => format!("exited with code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_described_by_its_code_its_signal_or_its_limit() {
        let described =
            [(0, false), (3, false), (255, false), (137, false), (137, true), (1, true)]
                .map(|(code, was_out_of_memory)| describe(code, was_out_of_memory));
        insta::assert_snapshot!(described.join("\n"), @r"
        exited with code 0
        exited with code 3
        exited with code 255
        killed by signal 9
        was killed: it exceeded its memory limit
        exited with code 1, after a process of it was killed: it exceeded its memory limit
        ");
    }
}

//! Replicas that are child processes.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use async_trait::async_trait;
use node::Meter;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    sync::{oneshot, watch},
    time::timeout,
};

use super::{Replicas, Started, probe::Probe, spawner::Spawner};
use crate::core::ReplicaId;

/// How long a process may take to leave when asked to.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Replicas that are processes on this machine, started from a command line.
///
/// A process dies when it is stopped, when this is dropped, and when the
/// gateway's process dies, however that happens. It stays in the gateway's
/// process group.
pub struct ProcessReplicas {
    command: Vec<String>,
    ready_limit: Duration,
    probe: Probe,
    spawner: Spawner,
    watched: Mutex<HashMap<ReplicaId, Watched>>,
}

/// A process that a task watches over.
#[derive(Debug)]
struct Watched {
    /// Asks the task to stop the process.
    stop: oneshot::Sender<()>,
    /// How it ended, once it has.
    ended: watch::Receiver<Option<String>>,
}

impl ProcessReplicas {
    /// Replicas that run `command`: a program and its arguments, in which
    /// `{port}` stands for the port to listen on, on loopback, and `{replica}`
    /// for the replica's number. Each is asked for `/readyz`, and killed if it
    /// is not ready within `ready_limit`.
    ///
    /// # Errors
    /// If the command is empty or lacks `{port}`, or outside of a runtime.
    pub fn new(
        command: Vec<String>,
        ready_limit: Duration,
        meter: &Arc<Meter>,
    ) -> anyhow::Result<Self> {
        ensure!(!command.is_empty(), "the command of the replicas is empty");
        ensure!(
            command.iter().any(|word| word.contains("{port}")),
            "the command of the replicas nowhere says {{port}} (hint: --listen 127.0.0.1:{{port}})"
        );
        Ok(Self {
            command,
            ready_limit,
            probe: Probe::new(meter),
            spawner: Spawner::start()?,
            watched: Mutex::default(),
        })
    }

    fn command(&self, replica: ReplicaId, port: u16) -> Command {
        let fill = |word: &String| {
            word.replace("{port}", &port.to_string()).replace("{replica}", &replica.to_string())
        };
        let mut words = self.command.iter().map(fill);
        let program = words.next().expect("the command was checked to have a program");
        #[expect(
            clippy::disallowed_methods,
            reason = "a role starts its replicas itself; targets are not within its reach"
        )]
        let mut command = Command::new(program);
        // Standard output and error go where the gateway's go: into its log.
        command.args(words).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts the process and the task that watches over it.
    async fn spawn(
        &self,
        replica: ReplicaId,
        address: SocketAddr,
    ) -> anyhow::Result<watch::Receiver<Option<String>>> {
        let program = &self.command[0];
        let child = self.spawner.spawn(self.command(replica, address.port())).await;
        let child = child.with_context(|| format!("start replica {replica}: {program}"))?;
        let (stop, stopped) = oneshot::channel();
        let (sender, ended) = watch::channel(None);
        tokio::spawn(async move {
            let how = watch_over(child, stopped).await;
            sender.send_replace(Some(how));
        });
        let watched = Watched { stop, ended: ended.clone() };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).insert(replica, watched);
        Ok(ended)
    }
}

#[async_trait]
impl Replicas for ProcessReplicas {
    async fn start(&self, replica: ReplicaId) -> anyhow::Result<Started> {
        let address = free_address().context("find a free port for a replica")?;
        let mut ended = self.spawn(replica, address).await?;
        tokio::select! {
            ready = self.probe.until_ready(address, self.ready_limit) => ready?,
            how = ending(&mut ended) => bail!("replica {replica} ended before it was ready: {how}"),
        }
        let lost = Box::pin(async move { ending(&mut ended).await });
        Ok(Started { address, lost })
    }

    async fn stop(&self, replica: ReplicaId) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&replica);
        let Some(Watched { stop, mut ended }) = watched else { return };
        // A process that has ended meanwhile has no task to tell.
        let _told = stop.send(());
        ending(&mut ended).await;
    }
}

/// Waits until the process ends, or ends it when told to.
async fn watch_over(mut child: Child, stopped: oneshot::Receiver<()>) -> String {
    tokio::select! {
        status = child.wait() => return describe(status),
        // A sender that is gone means the same as one that has sent.
        _either_way = stopped => {}
    }
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()))
        && let Err(error) = kill_process(pid, Signal::TERM)
    {
        eprintln!("send SIGTERM to replica process {pid:?}: {error}");
    }
    if let Ok(status) = timeout(STOP_LIMIT, child.wait()).await {
        return describe(status);
    }
    if let Err(error) = child.kill().await {
        eprintln!("kill a replica that did not leave within {STOP_LIMIT:?}: {error}");
    }
    format!("killed, as it did not leave within {STOP_LIMIT:?}")
}

async fn ending(ended: &mut watch::Receiver<Option<String>>) -> String {
    let how = ended.wait_for(Option::is_some).await;
    how.ok().and_then(|how| how.clone()).unwrap_or_else(|| "nobody watches over it".to_owned())
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("its end cannot be observed: {error}"),
    }
}

/// A port that was free a moment ago. If another process takes it first, the
/// replica cannot listen, and its start fails and is tried again.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

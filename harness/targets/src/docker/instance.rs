//! One running instance: its container, from its creation to the last reading.

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use bollard::{
    models::ContainerInspectResponse,
    query_parameters::{CreateContainerOptionsBuilder, KillContainerOptionsBuilder},
};
use node::NetworkBytes;
use tokio::sync::Mutex;

use super::{
    archive,
    container::Blueprint,
    daemon::{Daemon, Refusal},
    ending::Watch,
    logs, remove,
    usage::ContainerAccount,
};
use crate::{
    ledger::{Ledger, Resource},
    life::Life,
    role::Instance,
    target::Casualty,
    usage::Usage,
    wait,
};

/// How long an instance that was asked to leave may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long the daemon may take to see the end of what has ended.
pub(super) const DEATH: Duration = Duration::from_secs(20);

/// Everything that is decided about an instance before it is started.
pub(crate) struct Plan {
    pub(crate) instance: Instance,
    /// Unique in the run, such as `t1-worker-0`.
    pub(crate) name: String,
    pub(crate) blueprint: Blueprint,
    pub(crate) life: Life,
}

/// An instance whose container has been started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) instance: Instance,
    pub(crate) life: Life,
    pub(crate) account: Arc<ContainerAccount>,
    pub(crate) daemon: Daemon,
    /// The container's name in the daemon.
    pub(crate) container: String,
    ledger: Ledger,
    pub(super) has_volume: bool,
    pub(super) is_stopped: Mutex<bool>,
}

impl Plan {
    /// Creates and starts the container. It is in the ledger before it exists,
    /// and gone again if the start fails.
    pub(crate) async fn start(self, daemon: &Daemon, ledger: &Ledger) -> anyhow::Result<Running> {
        // First, for nobody would watch a container whose log cannot be written.
        let log = logs::open(&self.life.log)?;
        ledger.intend(&self.resources())?;
        match self.create_and_start(daemon, ledger).await {
            Ok(state) => Ok(self.watch(daemon, ledger, &state, log)),
            Err(error) => {
                let error = error.context(format!("start {}", self.instance.id));
                // What cannot be removed now stays in the ledger.
                let _ = self.undo(daemon, ledger).await;
                Err(error)
            }
        }
    }

    fn resources(&self) -> Vec<Resource> {
        let volume = self.blueprint.has_volume().then(|| volume(&self.blueprint.name));
        volume.into_iter().chain([container(&self.blueprint.name)]).collect()
    }

    async fn create_and_start(
        &self,
        daemon: &Daemon,
        ledger: &Ledger,
    ) -> anyhow::Result<ContainerInspectResponse> {
        let (api, name) = (daemon.api().await?, &self.blueprint.name);
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let request = self.blueprint.request(ledger.label(), &self.name);
        let created = api.create_container(Some(options), request).await;
        let created = created.map_err(|error| {
            let hint = if error.is_conflict() { " (hint: `cargo xtask gc`)" } else { "" };
            anyhow!("{:#}{hint}", error.explain())
        })?;
        ledger.created(&container(name).with("id", created.id))?;
        if !self.blueprint.image.is_assembled {
            archive::make_instance_dir(api, name).await?;
        }
        api.start_container(name, None).await.map_err(Refusal::explain)?;
        api.inspect_container(name, None).await.map_err(Refusal::explain)
    }

    async fn undo(&self, daemon: &Daemon, ledger: &Ledger) -> anyhow::Result<()> {
        for resource in self.resources().into_iter().rev() {
            remove::remove(daemon, ledger.label(), &resource).await?;
            ledger.removed(&resource)?;
        }
        Ok(())
    }

    fn watch(
        self,
        daemon: &Daemon,
        ledger: &Ledger,
        state: &ContainerInspectResponse,
        log: File,
    ) -> Running {
        let container = self.blueprint.name.clone();
        let account = ContainerAccount::open(daemon, state);
        let running = Running {
            instance: self.instance,
            life: self.life,
            account,
            daemon: daemon.clone(),
            container,
            ledger: ledger.clone(),
            has_volume: self.blueprint.has_volume(),
            is_stopped: Mutex::new(false),
        };
        running.watch_life(log);
        running
    }
}

impl Running {
    /// Reads everything now and returns all that was used so far.
    pub(crate) async fn usage(&self) -> Usage {
        self.read().await;
        self.account.usage(&self.instance.id, &self.instance.role)
    }

    /// Copies its directory.
    pub(crate) async fn collect(&self, into: &Path) -> anyhow::Result<()> {
        archive::fetch_instance_dir(self.daemon.api().await?, &self.container, into)
            .await
            .with_context(|| format!("collect the files of {}", self.instance.id))
    }

    /// How it ended, if it did so on its own and ought not to have.
    pub(crate) async fn casualty(&self) -> anyhow::Result<Option<Casualty>> {
        // It may have died so recently that its watcher does not know yet.
        if self.life.ending().is_none() && self.is_alive().await? {
            return Ok(None);
        }
        let what = format!("the end of {}", self.instance.id);
        Ok(wait::within(&what, DEATH, self.life.casualty()).await?)
    }

    /// Reads the last usage, asks the container to leave, forces it after a
    /// grace period, and returns when it has ended. A second call does nothing.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        let mut is_stopped = self.is_stopped.lock().await;
        if *is_stopped {
            return Ok(());
        }
        self.read().await;
        self.life.expect_end();
        self.signal("SIGTERM").await?;
        if wait::within("it to leave", GRACE, self.life.ended()).await.is_err() {
            self.signal("SIGKILL").await?;
            let what = format!("{} to leave", self.instance.id);
            wait::within(&what, DEATH, self.life.ended()).await?;
        }
        *is_stopped = true;
        Ok(())
    }

    /// Removes what is left of an instance that was stopped, or of one that
    /// could not be.
    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        self.life.expect_end();
        let volume = self.has_volume.then(|| volume(&self.container));
        for resource in [container(&self.container)].into_iter().chain(volume) {
            remove::remove(&self.daemon, self.ledger.label(), &resource).await?;
            self.ledger.removed(&resource)?;
        }
        Ok(())
    }

    /// Sends a signal to the container's first process, if it runs.
    pub(crate) async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let api = self.daemon.api().await?;
        match api.kill_container(&self.container, Some(options)).await {
            Err(error) if !error.is_conflict() && !error.is_missing() => {
                Err(error.explain().context(format!("send {signal} to {}", self.instance.id)))
            }
            _ => Ok(()),
        }
    }

    /// Starts the container anew once it has ended, on the files it left.
    pub(super) async fn start_again(&self) -> anyhow::Result<()> {
        let log = logs::open(&self.life.log)?;
        let again = async {
            let api = self.daemon.api().await?;
            api.start_container(&self.container, None).await.map_err(Refusal::explain)?;
            api.inspect_container(&self.container, None).await.map_err(Refusal::explain)
        };
        let inspected = again.await.with_context(|| format!("start {} again", self.instance.id))?;
        self.account.reopen(&inspected);
        self.life.begin_again();
        self.watch_life(log);
        Ok(())
    }

    /// Follows the log and waits for the end, each in a task.
    fn watch_life(&self, log: File) {
        let watch = Watch {
            daemon: self.daemon.clone(),
            container: self.container.clone(),
            account: Arc::clone(&self.account),
            log: logs::follow(&self.daemon, &self.container, log),
            end: self.life.end(),
        };
        tokio::spawn(watch.keep());
    }

    /// Whether it lives: by the kernel's word where that is to be had, for the
    /// daemon hears of an end later.
    async fn is_alive(&self) -> anyhow::Result<bool> {
        match self.account.is_alive() {
            Some(is_alive) => Ok(is_alive),
            None => self.is_running().await,
        }
    }

    pub(super) async fn is_running(&self) -> anyhow::Result<bool> {
        let state = self.daemon.api().await?.inspect_container(&self.container, None).await;
        match state {
            Ok(state) => Ok(state.state.and_then(|state| state.running).unwrap_or_default()),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error.explain().context(format!("look at {}", self.instance.id))),
        }
    }

    async fn read(&self) {
        self.account.read().await;
        if let Some(network) = self.network().await {
            self.account.set_network(network);
        }
    }

    /// A service is asked for its bytes; a job may have left them in a file.
    async fn network(&self) -> Option<NetworkBytes> {
        if self.life.has_metrics() || !self.life.is_job {
            return self.life.network().await;
        }
        let api = self.daemon.api().await.ok()?;
        let json = archive::read_file(api, &self.container, "network.json").await.ok()?;
        serde_json::from_slice(&json).ok()
    }
}

fn container(name: &str) -> Resource {
    Resource::new("container", name)
}

fn volume(name: &str) -> Resource {
    Resource::new("volume", name)
}

//! Helper containers: this executable again, in the network or with the volume
//! of an instance, for one duty.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use bollard::{
    container::LogOutput,
    models::{ContainerCreateBody, HostConfig, Mount, MountType},
    query_parameters::{CreateContainerOptionsBuilder, LogsOptionsBuilder},
};
use futures_util::StreamExt as _;
use tokio::task::JoinSet;

use super::{state::Faults, tools};
use crate::{
    docker::{
        container::INSTANCE_DIR,
        daemon::{Daemon, Refusal},
        labels, logs, remove,
    },
    helper::{DUTY_VARIABLE, Duty, Outcome, Step},
    ledger::{Ledger, Resource},
    wait,
};

/// How long a helper may take; a daemon under load is slow.
const LIMIT: Duration = Duration::from_secs(60);

/// Where a helper works.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// In the network namespace of this container, as its administrator.
    NetworkOf(&'a str),
    /// With this volume as its [`INSTANCE_DIR`].
    Volume(&'a str),
}

/// A helper that was started. It stays until [`Faults::dismiss`]; the teardown
/// dismisses those that are left.
#[derive(Debug, Clone)]
pub(super) struct Helper {
    daemon: Daemon,
    ledger: Ledger,
    name: String,
}

impl Faults {
    /// Takes steps at this place and returns what came of each.
    pub(super) async fn take(
        &self,
        place: Place<'_>,
        steps: Vec<Step>,
    ) -> anyhow::Result<Vec<Outcome>> {
        let helper = self.help(place, Duty::Steps(steps)).await?;
        let said = helper.first_line().await;
        self.dismiss(&helper).await?;
        let said = said?;
        serde_json::from_str(&said).with_context(|| format!("a helper said `{said}`"))
    }

    /// Starts a helper. It is in the ledger before it exists, and gone again if
    /// its start fails.
    pub(super) async fn help(&self, place: Place<'_>, duty: Duty) -> anyhow::Result<Helper> {
        let image = self.images.of(&tools::program()?, &self.ledger).await?;
        let executable = image.executable.context("an assembled image has a program")?;
        let duty = serde_json::to_string(&duty).context("encode a duty")?;
        let request = ContainerCreateBody {
            image: Some(image.id),
            entrypoint: Some(vec![]),
            cmd: Some(vec![executable]),
            env: Some(vec![format!("{DUTY_VARIABLE}={duty}")]),
            labels: Some(labels::of_run(self.ledger.label())),
            host_config: Some(place.host_config()),
            ..ContainerCreateBody::default()
        };
        let name = self.next_name();
        let helper = Helper { daemon: self.daemon.clone(), ledger: self.ledger.clone(), name };
        let under_way = Arc::clone(&self.starting).read_owned().await;
        self.helpers().insert(helper.name.clone(), helper.clone());
        let new = helper.clone();
        // In a task, so that a caller who gives up cannot lose a container that
        // the daemon is about to make.
        let starting = tokio::spawn(async move {
            let _under_way = under_way;
            new.start(request).await
        });
        if let Err(error) = starting.await? {
            // What cannot be removed now stays in the ledger.
            let _ = self.dismiss(&helper).await;
            return Err(error.context("start a helper"));
        }
        Ok(helper)
    }

    /// Removes a helper, whatever it is doing.
    pub(super) async fn dismiss(&self, helper: &Helper) -> anyhow::Result<()> {
        helper.remove().await?;
        self.helpers().remove(&helper.name);
        Ok(())
    }

    /// Removes every helper, also those whose caller has given up. What they
    /// had set up goes with the instances.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let _all_started = self.starting.write().await;
        let helpers: Vec<Helper> = self.helpers().values().cloned().collect();
        let mut removing = JoinSet::new();
        for helper in helpers {
            removing.spawn(async move { helper.remove().await.map(|()| helper.name) });
        }
        for removed in removing.join_all().await {
            self.helpers().remove(&removed?);
        }
        Ok(())
    }
}

impl Helper {
    /// What it says first. An error, with its complaint, if it ends without.
    pub(super) async fn first_line(&self) -> anyhow::Result<String> {
        let api = self.daemon.api().await?;
        let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let mut output = Box::pin(api.logs(&self.name, Some(options)));
        let listening = async {
            let (mut said, mut complaint) = (String::new(), String::new());
            while let Some(piece) = output.next().await {
                match piece.map_err(Refusal::explain)? {
                    LogOutput::StdErr { message } => {
                        complaint += &String::from_utf8_lossy(&message);
                    }
                    piece => said += &String::from_utf8_lossy(&piece.into_bytes()),
                }
                if let Some((line, _)) = said.split_once('\n') {
                    return Ok(line.to_owned());
                }
            }
            bail!("a helper failed: {}", complaint.trim_end())
        };
        wait::within("a helper to report", LIMIT, listening).await?
    }

    async fn remove(&self) -> anyhow::Result<()> {
        let resource = self.resource();
        remove::remove(&self.daemon, self.ledger.label(), &resource).await?;
        self.ledger.removed(&resource)
    }

    async fn start(&self, request: ContainerCreateBody) -> anyhow::Result<()> {
        self.ledger.intend(&[self.resource()])?;
        let api = self.daemon.api().await?;
        let options = CreateContainerOptionsBuilder::new().name(&self.name).build();
        let created = api.create_container(Some(options), request).await;
        let created = created.map_err(Refusal::explain)?;
        self.ledger.created(&self.resource().with("id", created.id))?;
        api.start_container(&self.name, None).await.map_err(Refusal::explain)
    }

    fn resource(&self) -> Resource {
        Resource::new("container", &self.name)
    }
}

impl Place<'_> {
    fn host_config(self) -> HostConfig {
        let log_config = Some(logs::readable());
        match self {
            Self::NetworkOf(container) => HostConfig {
                network_mode: Some(format!("container:{container}")),
                cap_add: Some(vec!["NET_ADMIN".to_owned()]),
                log_config,
                ..HostConfig::default()
            },
            Self::Volume(volume) => HostConfig {
                network_mode: Some("none".to_owned()),
                mounts: Some(vec![Mount {
                    target: Some(INSTANCE_DIR.to_owned()),
                    source: Some(volume.to_owned()),
                    typ: Some(MountType::VOLUME),
                    ..Mount::default()
                }]),
                log_config,
                ..HostConfig::default()
            },
        }
    }
}

//! Removing one resource of a ledger or an audit, and nothing that is not ours.

use std::time::Duration;

use anyhow::bail;
use bollard::{
    errors::Error,
    query_parameters::{RemoveContainerOptionsBuilder, RemoveVolumeOptions},
};
use serde_json::Value;

use super::{
    daemon::{Daemon, Refusal as _},
    image, labels, network,
};
use crate::{
    label::RunLabel,
    ledger::Resource,
    wait::{self, Interval},
};

/// The kind of what an audit finds of a container that somebody else attached
/// to the network of a testbed.
pub(crate) const GUEST: &str = "guest";

/// How long the daemon may take to remove what another request removes.
const REMOVAL: Duration = Duration::from_secs(20);

/// Removes a resource that may be half made or gone already.
pub(crate) async fn remove(
    daemon: &Daemon,
    label: &RunLabel,
    resource: &Resource,
) -> anyhow::Result<()> {
    match resource.kind.as_str() {
        "container" => remove_container(daemon, label, resource).await,
        "network" => match look(daemon, resource).await? {
            Some(found) if found.is_of(label) => {
                // There is no audit here that the guests could be told to.
                network::remove(daemon, &found.id, label).await.map(drop)
            }
            _ => Ok(()),
        },
        "volume" => remove_volume(daemon, label, resource).await,
        "image" => image::remove(daemon, label, resource).await,
        // It went with its network; the container is somebody else's.
        GUEST => Ok(()),
        kind => bail!(
            "`{kind}` is no kind that this version can remove (hint: use the checkout that made it)"
        ),
    }
}

/// What a name or an id stands for in the daemon.
pub(crate) struct Found {
    pub(crate) id: String,
    owner: Option<RunLabel>,
}

impl Found {
    /// Whether it is the run's: by its label. A name proves nothing, nor does
    /// a network that somebody attached it to.
    fn is_of(&self, label: &RunLabel) -> bool {
        self.owner.as_ref() == Some(label)
    }
}

/// Looks a container, network or volume up; `None` if there is none.
pub(crate) async fn look(daemon: &Daemon, resource: &Resource) -> anyhow::Result<Option<Found>> {
    let api = daemon.api().await?;
    let key = resource.detail.get("id").and_then(Value::as_str).unwrap_or(&resource.name);
    let found = match resource.kind.as_str() {
        "container" => api.inspect_container(key, None).await.map(|it| Found {
            id: it.id.unwrap_or_default(),
            owner: labels::run(it.config.and_then(|config| config.labels).as_ref()),
        }),
        "network" => api.inspect_network(key, None).await.map(|it| Found {
            id: it.id.unwrap_or_default(),
            owner: labels::run(it.labels.as_ref()),
        }),
        _ => api
            .inspect_volume(&resource.name)
            .await
            .map(|it| Found { id: it.name, owner: labels::run(Some(&it.labels)) }),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => {
            Err(error.explain().context(format!("look at {} {}", resource.kind, resource.name)))
        }
    }
}

async fn remove_container(
    daemon: &Daemon,
    label: &RunLabel,
    resource: &Resource,
) -> anyhow::Result<()> {
    let Some(found) = look(daemon, resource).await?.filter(|it| it.is_of(label)) else {
        return Ok(());
    };
    let api = daemon.api().await?;
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    let outcome = api.remove_container(&found.id, Some(options)).await;
    settled(daemon, resource, outcome).await
}

async fn remove_volume(
    daemon: &Daemon,
    label: &RunLabel,
    resource: &Resource,
) -> anyhow::Result<()> {
    let Some(found) = look(daemon, resource).await?.filter(|it| it.is_of(label)) else {
        return Ok(());
    };
    let api = daemon.api().await?;
    let outcome = api.remove_volume(&found.id, None::<RemoveVolumeOptions>).await;
    settled(daemon, resource, outcome).await
}

/// Takes a removal that is under way already for one, once it is done.
async fn settled(
    daemon: &Daemon,
    resource: &Resource,
    outcome: Result<(), Error>,
) -> anyhow::Result<()> {
    let what = || format!("remove {} {}", resource.kind, resource.name);
    match outcome {
        Ok(()) => Ok(()),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) if error.is_conflict() => {
            let is_gone = || async { matches!(look(daemon, resource).await, Ok(None)) };
            let gone = wait::until(&what(), REMOVAL, Interval::BACKING_OFF, is_gone).await;
            gone.map_err(|_| error.explain().context(what()))
        }
        Err(error) => Err(error.explain().context(what())),
    }
}

//! Everything in a daemon of the kinds that the target makes, whoever made it.

use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
};

use super::{
    daemon::{Daemon, Refusal},
    labels::{self, CACHED_IMAGE, Labels},
    remove::FOUND,
};
use crate::{
    audit::{Attribution, Entry, Listing},
    label::RunLabel,
    ledger::Resource,
};

/// Lists containers, networks, volumes and images.
pub(crate) async fn list(daemon: &Daemon, label: &RunLabel) -> anyhow::Result<Listing> {
    let api = daemon.api().await?;
    let everything = ListContainersOptionsBuilder::new().all(true).build();
    let (containers, networks, volumes, images) = tokio::try_join!(
        api.list_containers(Some(everything)),
        api.list_networks(None::<ListNetworksOptions>),
        api.list_volumes(None::<ListVolumesOptions>),
        api.list_images(None::<ListImagesOptions>),
    )
    .map_err(Refusal::explain)?;

    let mut listing = Listing::default();
    for it in containers {
        let id = it.id.unwrap_or_default();
        let name = it.names.into_iter().flatten().next().unwrap_or_default();
        let of_network = it.network_settings.and_then(|settings| settings.networks);
        let attached = of_network
            .into_iter()
            .flatten()
            .find_map(|(name, _)| RunLabel::in_name(&name).filter(|owner| owner == label));
        let attribution = match attribution(it.labels.as_ref(), label) {
            // Nobody else would join the network of a run.
            Attribution::Unknown if attached.is_some() => Attribution::Likely,
            attribution => attribution,
        };
        let owner = format!("the image {}", it.image.unwrap_or_default());
        let resource = found("container", name.trim_start_matches('/'), &id, &attribution);
        listing.insert(id, Entry { resource, owner, attribution, age: age(it.created) });
    }
    for it in networks {
        let (id, name) = (it.id.unwrap_or_default(), it.name.unwrap_or_default());
        let attribution = attribution(it.labels.as_ref(), label);
        let owner = format!("the driver {}", it.driver.unwrap_or_default());
        let resource = found("network", &name, &id, &attribution);
        listing.insert(id, Entry { resource, owner, attribution, age: None });
    }
    for it in volumes.volumes.into_iter().flatten() {
        let attribution = attribution(Some(&it.labels), label);
        let resource = found("volume", &it.name, &it.name, &attribution);
        let owner = format!("the driver {}", it.driver);
        let identity = format!("{} {:?}", it.name, it.created_at);
        listing.insert(identity, Entry { resource, owner, attribution, age: None });
    }
    // A cached image outlives its run on purpose.
    for it in images.into_iter().filter(|it| !it.labels.contains_key(CACHED_IMAGE)) {
        let attribution = attribution(Some(&it.labels), label);
        let name = it.repo_tags.first().unwrap_or(&it.id);
        let resource = found("image", name, &it.id, &attribution);
        let owner = format!("{} bytes", it.size);
        let age = age(Some(it.created));
        listing.insert(it.id, Entry { resource, owner, attribution, age });
    }
    Ok(listing)
}

fn found(kind: &str, name: &str, id: &str, attribution: &Attribution) -> Resource {
    let resource = Resource::new(kind, name).with("id", id);
    match attribution {
        Attribution::Likely => resource.with(FOUND, true),
        _ => resource,
    }
}

fn attribution(labels: Option<&Labels>, label: &RunLabel) -> Attribution {
    match labels::run(labels) {
        Some(owner) if owner == *label => Attribution::Labelled,
        Some(owner) => Attribution::Other(owner),
        None => Attribution::Unknown,
    }
}

/// The age of what was created at this second since the epoch.
fn age(created_s: Option<i64>) -> Option<Duration> {
    let created = Duration::from_secs(created_s?.try_into().ok()?);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    now.checked_sub(created)
}

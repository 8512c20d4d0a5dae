//! Everything in a daemon of the kinds that the target makes, whoever made it.

use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptions, ListVolumesOptions,
};

use super::{
    daemon::{Daemon, Refusal},
    labels::{self, CACHED_IMAGE, Labels},
    network::Guest,
    remove::GUEST,
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
            // The network is internal to the run, so that this disturbs it.
            Attribution::Unknown if attached.is_some() => Attribution::Likely,
            attribution => attribution,
        };
        let owner = format!("the image {}", it.image.unwrap_or_default());
        let resource = found("container", name.trim_start_matches('/'), &id);
        listing.insert(id, Entry { resource, owner, attribution, age: age(it.created) });
    }
    for it in networks {
        let (id, name) = (it.id.unwrap_or_default(), it.name.unwrap_or_default());
        let attribution = attribution(it.labels.as_ref(), label);
        let owner = format!("the driver {}", it.driver.unwrap_or_default());
        let resource = found("network", &name, &id);
        listing.insert(id, Entry { resource, owner, attribution, age: None });
    }
    for it in volumes.volumes.into_iter().flatten() {
        let attribution = attribution(Some(&it.labels), label);
        let resource = found("volume", &it.name, &it.name);
        let owner = format!("the driver {}", it.driver);
        let identity = format!("{} {:?}", it.name, it.created_at);
        listing.insert(identity, Entry { resource, owner, attribution, age: None });
    }
    // A cached image outlives its run on purpose.
    for it in images.into_iter().filter(|it| !it.labels.contains_key(CACHED_IMAGE)) {
        let attribution = attribution(Some(&it.labels), label);
        let name = it.repo_tags.first().unwrap_or(&it.id);
        let resource = found("image", name, &it.id);
        let owner = format!("{} bytes", it.size);
        let age = age(Some(it.created));
        listing.insert(it.id, Entry { resource, owner, attribution, age });
    }
    Ok(listing)
}

/// Adds what testbeds found attached to their networks. It is in the listings
/// from then on: new in the one that follows its trial.
pub(crate) fn with_guests(mut listing: Listing, guests: Vec<Guest>) -> Listing {
    for guest in guests {
        let entry = Entry {
            resource: Resource::new(GUEST, guest.container),
            owner: format!("somebody who attached it to the trial's network {}", guest.network),
            attribution: Attribution::Likely,
            age: None,
        };
        listing.insert(guest.endpoint, entry);
    }
    listing
}

fn found(kind: &str, name: &str, id: &str) -> Resource {
    Resource::new(kind, name).with("id", id)
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

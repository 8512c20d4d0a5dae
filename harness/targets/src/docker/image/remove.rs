//! Removing images.

use anyhow::Context as _;
use bollard::query_parameters::RemoveImageOptionsBuilder;

use crate::{
    docker::{
        daemon::{Daemon, Refusal as _},
        labels::{self, CACHED_IMAGE},
    },
    label::RunLabel,
    ledger::Resource,
};

/// Removes an image of the cache, or one that carries the run's label; it may
/// be gone already. No other image is touched, and a cached one that a
/// container uses stays: the cache keeps it.
pub(crate) async fn remove(
    daemon: &Daemon,
    label: &RunLabel,
    image: &Resource,
) -> anyhow::Result<()> {
    let api = daemon.api().await?;
    let failing = || format!("remove the image {}", image.name);
    let found = match api.inspect_image(&image.name).await {
        Ok(found) => found,
        Err(error) if error.is_missing() => return Ok(()),
        Err(error) => return Err(error.explain()).with_context(failing),
    };
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let is_of_run = labels::run(Some(&labels)).as_ref() == Some(label);
    let is_cached = labels.contains_key(CACHED_IMAGE);
    if !is_cached && !is_of_run {
        return Ok(());
    }
    let options = RemoveImageOptionsBuilder::default().force(!is_cached).build();
    match api.remove_image(&image.name, Some(options), None).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_missing() || (is_cached && error.is_conflict()) => Ok(()),
        Err(error) => Err(error.explain()).with_context(failing),
    }
}

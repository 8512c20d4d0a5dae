//! Images of the user's: what the daemon has, or can get from a registry.

use anyhow::{Context as _, anyhow};
use bollard::{errors::Error, query_parameters::CreateImageOptionsBuilder};
use futures_util::TryStreamExt as _;

use super::refused::refused;
use crate::docker::daemon::{Daemon, Refusal as _};

/// The id of an image, which is pulled if the daemon does not have it.
pub(crate) async fn id(daemon: &Daemon, name: &str) -> anyhow::Result<String> {
    if let Some(id) = present(daemon, name).await? {
        return Ok(id);
    }
    let (image, tag) = parts(name);
    let options = CreateImageOptionsBuilder::default().from_image(image).tag(tag).build();
    let pulling = daemon.api().await?.create_image(Some(options), None, None);
    let outcome = pulling.try_for_each(|_| async { Ok(()) }).await;
    outcome.map_err(|error| unavailable(name, error))?;
    let id = present(daemon, name).await?;
    id.with_context(|| format!("the daemon pulled the image {name} and does not have it"))
}

async fn present(daemon: &Daemon, name: &str) -> anyhow::Result<Option<String>> {
    match daemon.api().await?.inspect_image(name).await {
        Ok(image) => Ok(image.id),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.explain()).with_context(|| format!("look for the image {name}")),
    }
}

/// Splits a name into the image and its tag or digest. Without a tag the
/// daemon would pull every one that there is.
fn parts(name: &str) -> (&str, &str) {
    if let Some((image, digest)) = name.split_once('@') {
        return (image, digest);
    }
    match name.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((image, tag)) if !tag.contains('/') => (image, tag),
        _ => (name, "latest"),
    }
}

fn unavailable(name: &str, error: Error) -> anyhow::Error {
    let error = refused(error);
    anyhow!(
        "cannot get the image {name}: {error:#}\n\
         (hint: is the name right, and its registry within reach of the daemon? \
         `docker load` brings an image without one)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_at_its_tag_or_digest() {
        assert_eq!(parts("redis"), ("redis", "latest"));
        assert_eq!(parts("redis:7"), ("redis", "7"));
        assert_eq!(parts("host:5000/redis"), ("host:5000/redis", "latest"));
        assert_eq!(parts("host:5000/redis:7"), ("host:5000/redis", "7"));
        assert_eq!(parts("redis:7@sha256:ab"), ("redis:7", "sha256:ab"));
    }
}

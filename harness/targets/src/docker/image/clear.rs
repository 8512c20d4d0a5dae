//! Emptying the cache of assembled images.

use std::collections::HashMap;

use bollard::query_parameters::{ListImagesOptionsBuilder, RemoveImageOptions};

use crate::{
    docker::{
        daemon::{Daemon, Refusal as _},
        labels::CACHED_IMAGE,
    },
    ledger::Resource,
    target::Cleared,
};

/// Removes every cached image; one that a container uses stays.
pub(crate) async fn clear(daemon: &Daemon) -> anyhow::Result<Cleared> {
    let api = daemon.api().await?;
    let ours = HashMap::from([("label", vec![CACHED_IMAGE])]);
    let options = ListImagesOptionsBuilder::default().filters(&ours).build();
    let images = api.list_images(Some(options)).await.map_err(|error| error.explain())?;
    let mut cleared = Cleared::default();
    for image in images {
        // By name: an image goes with the last of its names.
        let names = if image.repo_tags.is_empty() { vec![image.id] } else { image.repo_tags };
        for name in names {
            let outcome = api.remove_image(&name, None::<RemoveImageOptions>, None).await;
            let resource = Resource::new("image", name);
            match outcome {
                Ok(_) => cleared.removed.push(resource),
                Err(error) if error.is_missing() => {}
                Err(error) => cleared.left.push((resource, format!("{:#}", error.explain()))),
            }
        }
    }
    Ok(cleared)
}

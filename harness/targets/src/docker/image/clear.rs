//! Emptying the cache of assembled images.

use std::collections::HashMap;

use bollard::{
    models::ImageSummary,
    query_parameters::{ListImagesOptionsBuilder, RemoveImageOptions},
};

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
        for name in names(image) {
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

/// What to remove an image by: it goes with the last of its names.
fn names(image: ImageSummary) -> Vec<String> {
    let ImageSummary { id, mut repo_tags, .. } = image;
    // So older daemons call an image that has lost its name to a newer one.
    repo_tags.retain(|name| name != "<none>:<none>");
    if repo_tags.is_empty() { vec![id] } else { repo_tags }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_removed_by_its_names_and_a_nameless_one_by_its_id() {
        let names_of = |tags: &[&str]| {
            let repo_tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            names(ImageSummary { id: "sha256:1".into(), repo_tags, ..ImageSummary::default() })
        };
        assert_eq!(names_of(&["reprise/x:1", "reprise/x:2"]), ["reprise/x:1", "reprise/x:2"]);
        assert_eq!(names_of(&["<none>:<none>"]), ["sha256:1"]);
        assert_eq!(names_of(&[]), ["sha256:1"]);
    }
}

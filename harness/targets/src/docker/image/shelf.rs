//! Where assembled images are kept from run to run: in the daemon, by name.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context as _;
use bollard::{
    models::ImageInspect,
    query_parameters::{
        ImportImageOptionsBuilder, ListImagesOptionsBuilder, TagImageOptionsBuilder,
    },
};
use futures_util::TryStreamExt as _;

use super::{archive::Assembly, feed, refused::refused, remove};
use crate::{
    docker::{
        daemon::{Daemon, Refusal as _},
        labels::CACHED_IMAGE,
    },
    label::RunLabel,
    ledger::{Ledger, Resource},
};

/// The first part of every name.
const PREFIX: &str = "reprise";

/// How many digits of the key stand in a name.
const N_DIGITS: usize = 12;

/// How many images of one program are kept; older ones are of old builds.
const N_KEPT: usize = 3;

/// The name of the image of a program, such as `reprise/toy:0123456789ab`.
pub(crate) fn name(program: &str, key: &str) -> String {
    let tag = key.get(..N_DIGITS).unwrap_or(key);
    format!("{PREFIX}/{}:{tag}", repository(program))
}

/// The id of an assembled image that the daemon has under this name. One that
/// only looks like it does not count.
pub(crate) async fn find(
    daemon: &Daemon,
    name: &str,
    assembly: &Assembly,
) -> anyhow::Result<Option<String>> {
    match daemon.api().await?.inspect_image(name).await {
        Ok(image) if is_of(&image, assembly) => Ok(image.id),
        Ok(_) => Ok(None),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.explain()).with_context(|| format!("look for the image {name}")),
    }
}

/// Loads an image, and makes room by removing old ones of the same program.
///
/// It is in the ledger only while it is being made: then it belongs to the
/// cache, which outlives the run.
pub(crate) async fn put(
    daemon: &Daemon,
    name: &str,
    assembly: &Arc<Assembly>,
    ledger: &Ledger,
) -> anyhow::Result<String> {
    let resource = Resource::new("image", name);
    ledger.intend(std::slice::from_ref(&resource))?;
    match load(daemon, name, assembly).await {
        Ok(id) => {
            ledger.removed(&resource)?;
            make_room(daemon, ledger.label(), name).await;
            Ok(id)
        }
        Err(error) => {
            // What cannot be removed now stays in the ledger.
            if remove::remove(daemon, ledger.label(), &resource).await.is_ok() {
                ledger.removed(&resource)?;
            }
            Err(error)
        }
    }
}

async fn load(daemon: &Daemon, name: &str, assembly: &Arc<Assembly>) -> anyhow::Result<String> {
    let api = daemon.api().await?;
    let (whole, named) = (Arc::clone(assembly), name.to_owned());
    let (archive, writing) = feed::written_by(move |into| whole.write(&named, into));
    let options = ImportImageOptionsBuilder::default().quiet(true).build();
    let answer =
        api.import_image(options, bollard::body_try_stream(archive.map_ok(Into::into)), None);
    let answer = answer.try_for_each(|_| async { Ok(()) }).await;
    // The cause is on our side if the archive could not be written, and on the
    // daemon's if it did not read on.
    match writing.await.context("write an image's archive")? {
        Err(error) if !feed::is_hang_up(&error) => return Err(error),
        _ => answer.map_err(refused)?,
    }
    // Tagging it again notes the time, of which loading leaves no trace.
    let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
    let again = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
    api.tag_image(name, Some(again)).await.map_err(refused)?;
    find(daemon, name, assembly).await?.with_context(|| {
        format!(
            "the daemon has another image under the name {name} than the one it was given\n\
             (hint: remove it with `docker rmi {name}`, and try again)"
        )
    })
}

/// Removes the oldest images of the same program, as far as no container uses
/// them. What cannot be removed does no harm.
async fn make_room(daemon: &Daemon, label: &RunLabel, name: &str) {
    for old in outdated(daemon, name).await.unwrap_or_default() {
        let _ = remove::remove(daemon, label, &Resource::new("image", old)).await;
    }
}

async fn outdated(daemon: &Daemon, name: &str) -> anyhow::Result<Vec<String>> {
    let api = daemon.api().await?;
    let repository = name.split(':').next().unwrap_or(name);
    let ours = HashMap::from([("label", vec![CACHED_IMAGE]), ("reference", vec![repository])]);
    let options = ListImagesOptionsBuilder::default().filters(&ours).build();
    let images = api.list_images(Some(options)).await.map_err(refused)?;
    let mut dated = Vec::new();
    for name in images.into_iter().flat_map(|image| image.repo_tags) {
        let image = api.inspect_image(&name).await.map_err(refused)?;
        let tagged = image.metadata.and_then(|metadata| metadata.last_tag_time);
        dated.push((tagged, name));
    }
    dated.sort();
    let old = dated.into_iter().rev().map(|(_, name)| name).skip(N_KEPT);
    Ok(old.filter(|old| old != name).collect())
}

fn is_of(image: &ImageInspect, assembly: &Assembly) -> bool {
    let labels = image.config.as_ref().and_then(|config| config.labels.as_ref());
    let key = labels.and_then(|labels| labels.get(CACHED_IMAGE));
    let layers = image.root_fs.as_ref().and_then(|files| files.layers.as_ref());
    key == Some(&assembly.key) && layers.is_some_and(|layers| *layers == [assembly.diff_id()])
}

/// A program's name with only what may stand in an image's name.
fn repository(program: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let program = program.to_ascii_lowercase();
    let words = program.split(|c| !is_plain(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-");
    if name.is_empty() { "program".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_after_its_program_and_its_content() {
        let named = |program| name(program, "0123456789abcdef");
        assert_eq!(named("toy"), "reprise/toy:0123456789ab");
        assert_eq!(named("redis-server"), "reprise/redis-server:0123456789ab");
        assert_eq!(named("Python3.11__x"), "reprise/python3-11-x:0123456789ab");
        assert_eq!(named("…"), "reprise/program:0123456789ab");
    }
}

//! Files in and out of containers, as the daemon's tar archives.

use std::{
    io::{Read as _, Seek as _, Write as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::StreamExt as _;

use super::{
    container::{INSTANCE_DIR, INSTANCE_DIR_MODE},
    daemon::Refusal as _,
};
use crate::wait;

/// How long the daemon may take for the next piece of an archive.
const PIECE: Duration = Duration::from_secs(120);

/// Makes the instance's directory in the container of an image that lacks it.
pub(crate) async fn make_instance_dir(
    api: &bollard::Docker,
    container: &str,
) -> anyhow::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(INSTANCE_DIR_MODE);
    header.set_size(0);
    let mut archive = tar::Builder::new(Vec::new());
    let name = format!("{}/", INSTANCE_DIR.trim_start_matches('/'));
    archive.append_data(&mut header, name, std::io::empty())?;
    upload(api, container, "/", archive.into_inner()?).await
}

/// Unpacks an archive in a directory of the container.
pub(crate) async fn upload(
    api: &bollard::Docker,
    container: &str,
    dir: &str,
    archive: Vec<u8>,
) -> anyhow::Result<()> {
    let options = UploadToContainerOptionsBuilder::new().path(dir).build();
    api.upload_to_container(container, Some(options), bollard::body_full(archive.into()))
        .await
        .map_err(|error| error.explain().context(format!("write to {dir} of {container}")))
}

/// Copies the instance's directory, also of a container that has ended.
pub(crate) async fn fetch_instance_dir(
    api: &bollard::Docker,
    container: &str,
    into: &Path,
) -> anyhow::Result<()> {
    let archive = fetch(api, container, &format!("{INSTANCE_DIR}/.")).await?;
    let into = into.to_owned();
    let unpack = move || {
        std::fs::create_dir_all(&into)
            .and_then(|()| {
                let mut archive = tar::Archive::new(archive);
                archive.set_preserve_mtime(false);
                archive.unpack(&into)
            })
            .with_context(|| format!("unpack into {}", into.display()))
    };
    tokio::task::spawn_blocking(unpack).await?
}

/// One file of the instance's directory.
pub(crate) async fn read_file(
    api: &bollard::Docker,
    container: &str,
    name: &str,
) -> anyhow::Result<Vec<u8>> {
    let archive = fetch(api, container, &format!("{INSTANCE_DIR}/{name}")).await?;
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive.entries()?.next().context("an archive of one file holds it")??;
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(content)
}

/// The archive of a path, spooled to a file: it may be large.
async fn fetch(
    api: &bollard::Docker,
    container: &str,
    path: &str,
) -> anyhow::Result<std::fs::File> {
    let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
    let mut pieces = Box::pin(api.download_from_container(container, Some(options)));
    let mut spool = tempfile::tempfile().context("make a temporary file")?;
    let what = format!("the daemon to read {path} of {container}");
    while let Some(piece) = wait::within(&what, PIECE, pieces.next()).await? {
        let piece = piece
            .map_err(|error| error.explain().context(format!("read {path} of {container}")))?;
        spool.write_all(&piece).context("write a temporary file")?;
    }
    spool.rewind()?;
    Ok(spool)
}

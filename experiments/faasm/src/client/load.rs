//! Uploading a function and its documents.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use hyper::Method;

use crate::{
    http::{HttpClient, Origin},
    message::Function,
    rcv1::FILES,
};

/// Uploads the wasm of `functions` and every part of the documents in `data`.
///
/// # Errors
/// If a file cannot be read, or the server refuses one; the message names it.
pub async fn load(
    client: &HttpClient,
    upload: &Origin,
    user: &str,
    functions: &[(String, PathBuf)],
    data: Option<&Path>,
) -> anyhow::Result<()> {
    for (name, path) in functions {
        let function = Function::new(user, name)?;
        put(client, upload, &format!("/f/{function}"), path).await?;
    }
    for file in data.into_iter().flat_map(|dir| FILES.map(|file| (file, dir.join(file.name)))) {
        let (file, path) = file;
        put(client, upload, &format!("/s/{user}/{}", file.key), &path).await?;
    }
    Ok(())
}

async fn put(client: &HttpClient, upload: &Origin, path: &str, file: &Path) -> anyhow::Result<()> {
    let bytes = tokio::fs::read(file).await.with_context(|| format!("read {}", file.display()))?;
    let answer = client.send(Method::PUT, upload, path, Bytes::from(bytes)).await?;
    answer.success().with_context(|| format!("upload {} to {path}", file.display()))?;
    Ok(())
}

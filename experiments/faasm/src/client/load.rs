//! Uploading functions and state.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use hyper::Method;

use crate::{
    http::{HttpClient, Origin},
    message::Function,
    rcv1::FILES,
};

/// What a directory of state holds.
#[derive(Debug, Clone, Copy)]
pub enum State<'a> {
    /// Documents in the binary layout of `rcv1`.
    Documents(&'a Path),
    /// Values, each in a file of its key's name.
    Values(&'a Path),
}

/// Uploads the wasm of `functions` and the values of `state`.
///
/// # Errors
/// If a file cannot be read, or the server refuses one; the message names it.
pub async fn load(
    client: &HttpClient,
    upload: &Origin,
    user: &str,
    functions: &[(String, PathBuf)],
    state: &[State<'_>],
) -> anyhow::Result<()> {
    for (name, path) in functions {
        let function = Function::new(user, name)?;
        put(client, upload, &format!("/f/{function}"), path).await?;
    }
    for state in state {
        for (key, path) in state.values()? {
            put(client, upload, &format!("/s/{user}/{key}"), &path).await?;
        }
    }
    Ok(())
}

impl State<'_> {
    /// The keys with their files.
    fn values(self) -> anyhow::Result<Vec<(String, PathBuf)>> {
        match self {
            Self::Documents(dir) => {
                Ok(FILES.map(|file| (file.key.to_owned(), dir.join(file.name))).into())
            }
            Self::Values(dir) => {
                let mut values = Vec::new();
                let listing = dir.read_dir().with_context(|| format!("list {}", dir.display()))?;
                for entry in listing {
                    let path = entry?.path();
                    let key = path.file_name().and_then(|name| name.to_str());
                    let key = key.with_context(|| format!("{} is no key", path.display()))?;
                    // What a cache of data adds is in capitals; no key of state is.
                    if !key.starts_with(|first: char| first.is_ascii_uppercase()) {
                        values.push((key.to_owned(), path));
                    }
                }
                values.sort();
                Ok(values)
            }
        }
    }
}

async fn put(client: &HttpClient, upload: &Origin, path: &str, file: &Path) -> anyhow::Result<()> {
    let bytes = tokio::fs::read(file).await.with_context(|| format!("read {}", file.display()))?;
    let answer = client.send(Method::PUT, upload, path, Bytes::from(bytes)).await?;
    answer.success().with_context(|| format!("upload {} to {path}", file.display()))?;
    Ok(())
}

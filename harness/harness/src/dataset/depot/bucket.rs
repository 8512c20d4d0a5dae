//! A folder of an object store: S3 and what speaks like it, Azure, Google
//! Cloud, WebDAV, or a directory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme, RetryConfig,
    aws::AmazonS3Builder, azure::MicrosoftAzureBuilder, buffered::BufWriter,
    gcp::GoogleCloudStorageBuilder, http::HttpBuilder, local::LocalFileSystem,
    path::Path as Location,
};
use tokio::io::AsyncWriteExt as _;

use super::Depot;
use crate::{
    dataset::cache::{COMPLETE, is_key},
    fault::Fault,
};

/// How many objects travel at once.
const AT_ONCE: usize = 8;
/// Requests are repeated for this long: a store that is not there is an error soon.
const PATIENCE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);

/// A folder of an object store.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    folder: Location,
}

impl Bucket {
    /// Opens the folder at this URL, with the variables that the store's own
    /// tools take credentials from, such as `AWS_ACCESS_KEY_ID`.
    ///
    /// # Errors
    /// If the URL is of no such store, or its settings are incomplete.
    pub(super) fn open(url: &str) -> anyhow::Result<Self> {
        // Another part of the process may have chosen the cryptography before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let as_usage = |error: &dyn std::fmt::Display| {
            Fault::usage(format!("{url} is no object store's: {error}"))
        };
        let parsed = reqwest::Url::parse(url).map_err(|error| as_usage(&error))?;
        let (scheme, folder) =
            ObjectStoreScheme::parse(&parsed).map_err(|error| as_usage(&error))?;
        let store = store(&scheme, &parsed).map_err(|error| as_usage(&format!("{error:#}")))?;
        Ok(Self { store, folder })
    }

    fn entry(&self, set: &str, key: &str) -> Location {
        self.folder.clone().join(set).join(key)
    }

    /// The objects right in an entry, each with its name.
    async fn objects(&self, set: &str, key: &str) -> anyhow::Result<Vec<(String, Location)>> {
        let listed = self.store.list_with_delimiter(Some(&self.entry(set, key))).await?;
        let named = |location: Location| Some((location.filename().map(str::to_owned)?, location));
        Ok(listed.objects.into_iter().filter_map(|object| named(object.location)).collect())
    }

    async fn send(&self, file: PathBuf, to: Location) -> anyhow::Result<()> {
        let mut from = tokio::fs::File::open(&file)
            .await
            .with_context(|| format!("open {}", file.display()))?;
        // In parts if it is large; an object exists only once it is whole.
        let mut object = BufWriter::new(Arc::clone(&self.store), to);
        match tokio::io::copy(&mut from, &mut object).await {
            Ok(_) => Ok(object.shutdown().await?),
            Err(error) => {
                object.abort().await.ok();
                Err(error.into())
            }
        }
    }

    async fn receive(&self, from: Location, file: PathBuf) -> anyhow::Result<()> {
        let mut parts = self.store.get(&from).await?.into_stream();
        let mut into = tokio::fs::File::create(&file)
            .await
            .with_context(|| format!("create {}", file.display()))?;
        while let Some(part) = parts.try_next().await? {
            into.write_all(&part).await?;
        }
        Ok(into.flush().await?)
    }
}

#[async_trait]
impl Depot for Bucket {
    async fn keys(&self, set: &str) -> anyhow::Result<Vec<String>> {
        let listed = self.store.list_with_delimiter(Some(&self.folder.clone().join(set))).await?;
        let name = |folder: &Location| folder.filename().map(str::to_owned);
        Ok(listed.common_prefixes.iter().filter_map(name).collect())
    }

    async fn mark(&self, set: &str, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match self.store.get(&self.entry(set, key).join(COMPLETE)).await {
            Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn replace(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        let mut old = self.objects(set, key).await?;
        old.sort_by_key(|(name, _)| name != COMPLETE);
        for (_, location) in old {
            self.store.delete(&location).await?;
        }
        let entry = self.entry(set, key);
        let mut sent = Vec::new();
        for name in files_of(dir)? {
            sent.push(self.send(dir.join(&name), entry.clone().join(name)));
        }
        stream::iter(sent).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn complete(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        self.send(dir.join(COMPLETE), self.entry(set, key).join(COMPLETE)).await
    }

    async fn fetch(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        let mut fetched = Vec::new();
        for (name, location) in self.objects(set, key).await? {
            // A name from elsewhere becomes a path of this machine.
            ensure!(is_key(&name), "{location} has no name that a file of a data set has");
            if name != COMPLETE {
                fetched.push(self.receive(location, dir.join(name)));
            }
        }
        stream::iter(fetched).buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// The names of an entry's files, its mark apart.
fn files_of(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let name = entry?.file_name().into_string();
        names.push(name.map_err(|name| anyhow::anyhow!("{name:?} is not text"))?);
    }
    names.retain(|name| name != COMPLETE);
    Ok(names)
}

fn store(scheme: &ObjectStoreScheme, url: &reqwest::Url) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig { retry_timeout: PATIENCE, max_retries: 4, ..RetryConfig::default() };
    // A plain connection only where it was asked for, by URL or by endpoint.
    let client = ClientOptions::new().with_connect_timeout(CONNECT);
    let url_text = url.as_str();
    Ok(match scheme {
        ObjectStoreScheme::AmazonS3 => {
            let plain = std::env::var("AWS_ENDPOINT_URL")
                .or_else(|_| std::env::var("AWS_ENDPOINT"))
                .is_ok_and(|endpoint| endpoint.starts_with("http://"));
            let builder = AmazonS3Builder::from_env().with_url(url_text).with_retry(retry);
            let client = client.with_allow_http(plain);
            Arc::new(builder.with_client_options(client).build()?)
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url_text);
            Arc::new(builder.with_retry(retry).with_client_options(client).build()?)
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url_text);
            Arc::new(builder.with_retry(retry).with_client_options(client).build()?)
        }
        ObjectStoreScheme::Http => {
            let mut host = url.clone();
            host.set_path("");
            let client = client.with_allow_http(url.scheme() == "http");
            let builder = HttpBuilder::new().with_url(host.as_str()).with_retry(retry);
            Arc::new(builder.with_client_options(client).build()?)
        }
        ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new().with_fsync(true)),
        _ => bail!("data there would not outlast this command"),
    })
}

//! Sending entries of the cache to another place, and getting them from there.

use anyhow::{Context as _, anyhow, ensure};
use serde::Deserialize;
use tokio::runtime::Runtime;

use super::{Depot, Place};
use crate::{
    dataset::{
        Cache, Entry,
        cache::{COMPLETE, is_key},
        digest::digest_dir,
    },
    fault::{Fault, hint},
};

/// The traffic between a cache and one place.
pub(crate) struct Exchange<'a> {
    cache: &'a Cache,
    place: &'a Place,
    depot: Box<dyn Depot>,
    runtime: Runtime,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Its key.
    pub(crate) key: String,
    /// SHA-256 over its files.
    pub(crate) sha256: String,
    /// Whether the same was there already, and nothing moved.
    pub(crate) was_there: bool,
}

/// What is read of a mark.
#[derive(Deserialize)]
struct Mark {
    sha256: String,
}

impl<'a> Exchange<'a> {
    /// Opens a place.
    ///
    /// # Errors
    /// A shortfall, if this build or its settings cannot reach such a place.
    pub(crate) fn with(cache: &'a Cache, place: &'a Place) -> anyhow::Result<Self> {
        Ok(Self { cache, place, depot: place.open()?, runtime: Runtime::new()? })
    }

    /// Sends the entries of data set `set`, or only those of `keys`. An entry is
    /// whole there only once its last file has arrived.
    ///
    /// # Errors
    /// If there is none, one changed since it was made, or the place does not
    /// take it.
    pub(crate) fn upload(&self, set: &str, keys: &[String]) -> anyhow::Result<Vec<Moved>> {
        let entries = self.cache.entries(set);
        let here: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let none = || Fault::unavailable(format!("nothing of {set} is prepared here"));
        let wanted = chosen(&here, keys, none)?;
        let wanted = entries.iter().filter(|entry| wanted.contains(&entry.key));
        wanted.map(|entry| self.upload_one(set, entry)).collect()
    }

    /// Gets the entries of data set `set`, or only those of `keys`, and enters
    /// in the cache what arrived as it was sent.
    ///
    /// # Errors
    /// If there is none, one is not whole, or arrives otherwise than it was sent.
    pub(crate) fn download(&self, set: &str, keys: &[String]) -> anyhow::Result<Vec<Moved>> {
        let there = self.reach(self.depot.keys(set))?;
        let there: Vec<_> = there.into_iter().filter(|key| is_key(key)).collect();
        let wanted =
            chosen(&there, keys, || self.place.lacks(&anyhow!("nothing of {set} is there")))?;
        wanted.iter().map(|key| self.download_one(set, key)).collect()
    }

    fn upload_one(&self, set: &str, entry: &Entry) -> anyhow::Result<Moved> {
        let Entry { key, dir, sha256 } = entry;
        self.cache.verify(set, key)?;
        let found = self.reach(self.mark(set, key))?;
        let was_there = found.is_some_and(|mark| mark.sha256 == *sha256);
        if !was_there {
            self.reach(async {
                self.depot.replace(set, key, dir).await?;
                self.depot.complete(set, key, dir).await
            })?;
        }
        Ok(Moved { key: key.clone(), sha256: sha256.clone(), was_there })
    }

    fn download_one(&self, set: &str, key: &str) -> anyhow::Result<Moved> {
        let mark = self.reach(async {
            self.mark(set, key).await?.with_context(|| {
                format!(
                    "{set}/{key} is not whole there: it has no {COMPLETE}\n\
                     (hint: upload it again; its upload was cut off)"
                )
            })
        })?;
        let mut was_there = true;
        let (dir, found) = self.cache.entry(set, key, |into| {
            was_there = false;
            self.reach(self.depot.fetch(set, key, into))?;
            let arrived = digest_dir(into)?;
            if arrived == mark.sha256 {
                return Ok(());
            }
            Err(self.place.lacks(&anyhow!(
                "{set}/{key} arrived with sha256 {arrived}, but was sent with {}\n\
                 (hint: a file of it changed there: remove it there and upload it again)",
                mark.sha256
            )))
        })?;
        ensure!(
            found == mark.sha256,
            "{} is another {set}/{key}: sha256 {found} here, {} there\n\
             (hint: remove the one that is not wanted)",
            dir.display(),
            mark.sha256
        );
        Ok(Moved { key: key.to_owned(), sha256: found, was_there })
    }

    async fn mark(&self, set: &str, key: &str) -> anyhow::Result<Option<Mark>> {
        let Some(text) = self.depot.mark(set, key).await? else { return Ok(None) };
        let mark = serde_json::from_slice(&text)
            .with_context(|| format!("{set}/{key}/{COMPLETE} is not one of ours"))?;
        Ok(Some(mark))
    }

    /// Waits for the place, whose failures are its own.
    fn reach<T>(&self, asked: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        self.runtime.block_on(asked).map_err(|error| self.place.lacks(&error))
    }
}

/// The keys that were asked for, or all.
fn chosen(
    there: &[String],
    asked: &[String],
    none: impl FnOnce() -> anyhow::Error,
) -> anyhow::Result<Vec<String>> {
    if there.is_empty() {
        return Err(none());
    }
    if let Some(missing) = asked.iter().find(|key| !there.contains(key)) {
        return Err(Fault::usage(format!(
            "no entry `{missing}`\n{}",
            hint(missing, there.iter().map(String::as_str))
        )));
    }
    Ok(if asked.is_empty() { there.to_vec() } else { asked.to_vec() })
}

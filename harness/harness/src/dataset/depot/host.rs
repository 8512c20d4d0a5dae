//! A folder of another host, by rsync, as people copied such data ever since.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use targets::command::{Finished, Invocation};

use super::Depot;
use crate::dataset::cache::COMPLETE;

/// The longest that a copy may take; gigabytes go over a slow link.
const LIMIT: Duration = Duration::from_secs(12 * 3600);
/// How long the other side may be silent, in seconds.
const SILENCE_S: u32 = 60;
/// rsync's status for a part of the source that is not there.
const PARTIAL: i32 = 23;

/// A folder as rsync writes it.
pub(super) struct Host {
    remote: String,
}

impl Host {
    pub(super) fn new(remote: &str) -> Self {
        Self { remote: remote.to_owned() }
    }

    fn at(&self, parts: &[&str]) -> String {
        format!("{}/{}", self.remote, parts.join("/"))
    }

    /// Runs rsync; `None` if what it was to read is not there.
    async fn rsync(&self, args: &[&str]) -> anyhow::Result<Option<Finished>> {
        let timeout = format!("--timeout={SILENCE_S}");
        let mut invocation = Invocation::new("rsync", "/").args([timeout.as_str()]).args(args);
        invocation.limit = LIMIT;
        let finished = invocation
            .output()
            .await
            .context("run rsync\n(hint: install rsync here and on the other host)")?;
        let complaint = String::from_utf8_lossy(&finished.stderr);
        let is_absent = complaint.contains("No such file or directory");
        match finished.status.code() {
            Some(0) => Ok(Some(finished)),
            Some(PARTIAL) if is_absent => Ok(None),
            _ => bail!("{}", complaint.lines().next().unwrap_or("rsync failed").to_owned()),
        }
    }

    async fn copy(&self, args: &[&str]) -> anyhow::Result<()> {
        let copied = self.rsync(args).await?;
        copied.map(|_| ()).context("a file went away while it was copied")
    }
}

/// A directory's path such that rsync takes what is in it.
fn contents_of(dir: &Path) -> anyhow::Result<String> {
    Ok(format!("{}/", dir.to_str().context("the path is not text")?))
}

#[async_trait]
impl Depot for Host {
    async fn keys(&self, set: &str) -> anyhow::Result<Vec<String>> {
        let folder = format!("{}/", self.at(&[set]));
        let listed = self.rsync(&["--list-only", "--dirs", &folder]).await?;
        let text = listed.map(|listed| listed.stdout).unwrap_or_default();
        let text = String::from_utf8(text).context("the listing is not text")?;
        Ok(text.lines().filter_map(folder_in).map(str::to_owned).collect())
    }

    async fn mark(&self, set: &str, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let scratch = tempfile::tempdir()?;
        let into = contents_of(scratch.path())?;
        match self.rsync(&[&self.at(&[set, key, COMPLETE]), &into]).await? {
            Some(_) => Ok(Some(std::fs::read(scratch.path().join(COMPLETE))?)),
            None => Ok(None),
        }
    }

    async fn replace(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        let mark = format!("--exclude={COMPLETE}");
        let there = format!("{}/", self.at(&[set, key]));
        // What is excluded is deleted there first, and so the mark.
        let args = ["--recursive", "--mkpath", "--delete-before", "--delete-excluded", &mark];
        self.copy(&[&args[..], &[&contents_of(dir)?, &there]].concat()).await
    }

    async fn complete(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        let mark = dir.join(COMPLETE);
        let mark = mark.to_str().context("the path is not text")?;
        self.copy(&[mark, &format!("{}/", self.at(&[set, key]))]).await
    }

    async fn fetch(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()> {
        let mark = format!("--exclude={COMPLETE}");
        let there = format!("{}/", self.at(&[set, key]));
        self.copy(&["--recursive", &mark, &there, &contents_of(dir)?]).await
    }
}

/// The name in a line of a listing, if it is that of a folder inside.
fn folder_in(line: &str) -> Option<&str> {
    // No key has a space in it.
    let (_, name) = line.strip_prefix('d')?.rsplit_once(' ')?;
    (name != ".").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_names_the_folders_in_a_folder() {
        let listing = "drwxr-xr-x          4,096 2026/01/02 03:04:05 .\n\
                       -rw-r--r--             12 2026/01/02 03:04:05 stray\n\
                       drwxr-xr-x          4,096 2026/01/02 03:04:05 100x100_2\n";
        let folders: Vec<_> = listing.lines().filter_map(folder_in).collect();
        assert_eq!(folders, ["100x100_2"]);
    }
}

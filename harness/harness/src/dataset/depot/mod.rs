//! Other places of prepared data: object stores, and hosts within reach of rsync.

#[cfg(feature = "object-store")]
mod bucket;
mod exchange;
mod host;
mod place;

use std::path::Path;

use async_trait::async_trait;

pub(crate) use exchange::{Exchange, Moved};
pub(crate) use place::Place;

/// A place that keeps entries as folders of files, `SET/KEY/FILE`.
///
/// What makes an entry whole there is what does so in the cache: its mark,
/// which comes last and goes first.
#[async_trait]
trait Depot: Send + Sync {
    /// The keys of a set's entries, whole or not.
    async fn keys(&self, set: &str) -> anyhow::Result<Vec<String>>;

    /// The mark of an entry, if it has one.
    async fn mark(&self, set: &str, key: &str) -> anyhow::Result<Option<Vec<u8>>>;

    /// Makes the files of `dir`, its mark apart, those of the entry; what was
    /// there before goes, its mark first.
    async fn replace(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()>;

    /// Adds the mark of `dir` to the entry.
    async fn complete(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()>;

    /// Copies the files of an entry, its mark apart, into `dir`.
    async fn fetch(&self, set: &str, key: &str, dir: &Path) -> anyhow::Result<()>;
}

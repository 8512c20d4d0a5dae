//! The cache of prepared data: whole entries, made once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::digest::{digest_dir, verify_dir};
use crate::{fault::Fault, run_dir::write_json};

/// Prepared data, kept between runs and shared by checkouts.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// A whole entry of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What distinguishes it from others of its data set.
    pub key: String,
    /// Where it lies.
    pub dir: PathBuf,
    /// SHA-256 over the names and contents of its files.
    pub sha256: String,
}

/// How the folders begin in which entries are being made.
const BUILDING: &str = ".building-";
const ORIGINAL: &str = "original-";

/// Whether a name that comes from elsewhere may be that of an entry: one folder
/// of the cache, and none of those that are being made.
pub(super) fn is_key(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
}

/// The key of what was prepared from the original file with this SHA-256.
#[must_use]
pub fn original_key(sha256: &str) -> String {
    format!("{ORIGINAL}{sha256}")
}

/// The file that marks an entry as whole.
pub(super) const COMPLETE: &str = "COMPLETE.json";

/// What it holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Completion {
    sha256: String,
}

impl Cache {
    /// The user's cache: `$REPRISE_CACHE_DIR`, else `reprise` in the cache
    /// directory of the XDG convention.
    ///
    /// # Errors
    /// If there is no home directory to put it in.
    pub fn of_user() -> anyhow::Result<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let root = variable("REPRISE_CACHE_DIR")
            .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("reprise")))
            .or_else(|| variable("HOME").map(|dir| dir.join(".cache/reprise")))
            .ok_or_else(|| {
                Fault::unavailable("no HOME to keep data in (hint: set REPRISE_CACHE_DIR)")
            })?;
        Ok(Self { root })
    }

    /// A cache at a place of the caller's choice.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The entry `key` of data set `name`, made by `fill` if it is not there.
    /// An entry that a crash left half made is made anew.
    ///
    /// # Errors
    /// If `fill` fails or the disk does.
    pub fn entry(
        &self,
        name: &str,
        key: &str,
        fill: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<(PathBuf, String)> {
        let dir = self.place(name).join(key);
        if let Some(completion) = completion(&dir) {
            return Ok((dir, completion.sha256));
        }
        let parent = dir.parent().expect("the entry lies in the cache");
        fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
        let building = tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(parent)
            .with_context(|| format!("make a directory in {}", parent.display()))?;
        fill(building.path())?;
        let sha256 = digest_dir(building.path())?;
        let done = Completion { sha256: sha256.clone() };
        write_json(&building.path().join(COMPLETE), &done)?;
        install(building, &dir)?;
        Ok((dir, sha256))
    }

    /// The whole entries of a data set, by key.
    #[must_use]
    pub fn entries(&self, name: &str) -> Vec<Entry> {
        let listing = fs::read_dir(self.place(name)).into_iter().flatten();
        let mut entries: Vec<_> = listing
            .flatten()
            .filter_map(|found| {
                let key = found.file_name().to_string_lossy().into_owned();
                if key.starts_with(BUILDING) {
                    return None;
                }
                let sha256 = completion(&found.path())?.sha256;
                Some(Entry { key, dir: found.path(), sha256 })
            })
            .collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries
    }

    /// The entries that [`original_key`] names: those of `data prepare`.
    #[must_use]
    pub fn originals(&self, name: &str) -> Vec<Entry> {
        let mut entries = self.entries(name);
        entries.retain(|entry| entry.key.starts_with(ORIGINAL));
        entries
    }

    /// Compares an entry's files with the digest recorded when it was made.
    ///
    /// # Errors
    /// If a file changed or cannot be read.
    pub fn verify(&self, name: &str, key: &str) -> anyhow::Result<()> {
        let dir = self.place(name).join(key);
        let completion =
            completion(&dir).with_context(|| format!("{} is not prepared", dir.display()))?;
        verify_dir(&dir, &completion.sha256)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.root.join("data").join(name)
    }
}

fn completion(dir: &Path) -> Option<Completion> {
    serde_json::from_slice(&fs::read(dir.join(COMPLETE)).ok()?).ok()
}

/// Moves a finished entry to its place. A leftover of a crash makes way; an
/// entry that another process finished first stays, since it is the same.
fn install(building: tempfile::TempDir, dir: &Path) -> anyhow::Result<()> {
    if dir.exists() && completion(dir).is_none() {
        fs::remove_dir_all(dir).with_context(|| format!("remove {}", dir.display()))?;
    }
    let path = building.keep();
    match fs::rename(&path, dir) {
        Err(_) if completion(dir).is_some() => {
            fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))
        }
        renamed => renamed.with_context(|| format!("move {} to {}", path.display(), dir.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_path_buf());
        (dir, cache)
    }

    fn fill(dir: &Path) -> anyhow::Result<()> {
        Ok(fs::write(dir.join("values"), b"123")?)
    }

    #[test]
    fn an_entry_is_made_once() {
        let (_dir, cache) = cache();
        let first = cache.entry("toy", "k", fill).unwrap();
        let second = cache.entry("toy", "k", |_| panic!("made twice")).unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn a_half_made_entry_is_made_anew() {
        let (_dir, cache) = cache();
        let (dir, _) = cache.entry("toy", "k", fill).unwrap();
        fs::remove_file(dir.join(COMPLETE)).unwrap();
        fs::write(dir.join("values"), b"1").unwrap();
        cache.entry("toy", "k", fill).unwrap();
        assert_eq!(fs::read(dir.join("values")).unwrap(), b"123");
    }

    #[test]
    fn a_failed_fill_leaves_nothing() {
        let (dir, cache) = cache();
        cache.entry("toy", "k", |_| anyhow::bail!("no")).unwrap_err();
        assert_eq!(fs::read_dir(dir.path().join("data/toy")).unwrap().count(), 0);
    }

    #[test]
    fn a_changed_file_is_found() {
        let (_dir, cache) = cache();
        let (dir, _) = cache.entry("toy", "k", fill).unwrap();
        cache.verify("toy", "k").unwrap();
        fs::write(dir.join("values"), b"124").unwrap();
        assert!(cache.verify("toy", "k").unwrap_err().to_string().contains("has changed"));
    }
}

//! Data sets: where they come from, and the cache of what was prepared.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;

/// A data set that a system's experiments use.
pub trait DataSet: Send + Sync {
    /// What people call it.
    fn about(&self) -> About;

    /// Reads the original file `from` and lays it out in `into` as the
    /// experiments load it.
    ///
    /// # Errors
    /// With file, line and column if `from` is malformed.
    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()>;
}

/// What `data list` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Name, such as `rcv1`.
    pub name: &'static str,
    /// Where the original is published.
    pub source: &'static str,
    /// Its licence or terms.
    pub licence: &'static str,
    /// Its size and format.
    pub size: &'static str,
    /// What the generated substitute cannot show.
    pub substitute_cannot_show: &'static str,
}

/// A data set as one run used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataUsed {
    /// Name, such as `rcv1`.
    pub name: String,
    /// Whether it is the real data or a generated substitute.
    pub kind: DataKind,
    /// Where it lies, laid out for loading.
    pub dir: PathBuf,
    /// SHA-256 over the names and contents of its files.
    pub sha256: String,
}

/// Real data or a substitute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// From a file that the user gave or prepared.
    Real,
    /// From a seeded generator.
    Generated,
}

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

const ORIGINAL: &str = "original-";

/// The key of what was prepared from the original file with this SHA-256.
#[must_use]
pub fn original_key(sha256: &str) -> String {
    format!("{ORIGINAL}{sha256}")
}

const COMPLETE: &str = "COMPLETE.json";

/// What marks an entry as whole.
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
        let dir = self.root.join("data").join(name).join(key);
        if let Some(completion) = completion(&dir) {
            return Ok((dir, completion.sha256));
        }
        let parent = dir.parent().expect("the entry lies in the cache");
        fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
        let building = tempfile::Builder::new()
            .prefix(".building-")
            .tempdir_in(parent)
            .with_context(|| format!("make a directory in {}", parent.display()))?;
        fill(building.path())?;
        let sha256 = digest_dir(building.path())?;
        let done = Completion { sha256: sha256.clone() };
        crate::run_dir::write_json(&building.path().join(COMPLETE), &done)?;
        install(building, &dir)?;
        Ok((dir, sha256))
    }

    /// The whole entries of a data set, by key.
    #[must_use]
    pub fn entries(&self, name: &str) -> Vec<Entry> {
        let listing = fs::read_dir(self.root.join("data").join(name)).into_iter().flatten();
        let mut entries: Vec<_> = listing
            .flatten()
            .filter_map(|found| {
                let key = found.file_name().to_string_lossy().into_owned();
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
        let dir = self.root.join("data").join(name).join(key);
        let expected =
            completion(&dir).with_context(|| format!("{} is not prepared", dir.display()))?.sha256;
        let found = digest_dir(&dir)?;
        anyhow::ensure!(
            found == expected,
            "{} has changed: sha256 {found}, was {expected}\n(hint: remove it and prepare it again)",
            dir.display()
        );
        Ok(())
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

/// The SHA-256 of a file's contents, as hexadecimal digits.
///
/// # Errors
/// If it cannot be read.
pub fn digest_file(path: &Path) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    feed(&mut hasher, path)?;
    Ok(crate::run_dir::hex(&hasher.finalize()))
}

fn feed(hasher: &mut Sha256, path: &Path) -> anyhow::Result<()> {
    let mut file = fs::File::open(path).with_context(|| format!("read {}", path.display()))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n_bytes = file.read(&mut buffer).with_context(|| format!("read {}", path.display()))?;
        if n_bytes == 0 {
            return Ok(());
        }
        hasher.update(&buffer[..n_bytes]);
    }
}

fn digest_dir(dir: &Path) -> anyhow::Result<String> {
    let entries = fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.is_file() && !path.ends_with(COMPLETE));
    paths.sort();
    let mut hasher = Sha256::new();
    for path in paths {
        hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update([0]);
        feed(&mut hasher, &path)?;
    }
    Ok(crate::run_dir::hex(&hasher.finalize()))
}

/// Fetches `from`, a file or an http(s) URL, and checks its SHA-256 if one is
/// expected. A download lands in `into`; a file is used where it lies.
///
/// # Errors
/// If it cannot be had, or is not what was expected.
pub fn fetch(from: &str, sha256: Option<&str>, into: &Path) -> anyhow::Result<PathBuf> {
    let path = if from.starts_with("http://") || from.starts_with("https://") {
        download(from, into)?
    } else {
        PathBuf::from(from)
    };
    if !path.is_file() {
        return Err(Fault::usage(format!("no file {}", path.display())));
    }
    let Some(expected) = sha256 else { return Ok(path) };
    let found = digest_file(&path)?;
    if found.eq_ignore_ascii_case(expected) {
        return Ok(path);
    }
    Err(Fault::usage(format!(
        "{from} has sha256 {found}, expected {expected}\n\
         (hint: the file is damaged or another version; nothing was prepared)"
    )))
}

fn download(url: &str, into: &Path) -> anyhow::Result<PathBuf> {
    let path = into.join(url.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("file"));
    let fetched = || -> anyhow::Result<()> {
        let mut response = ureq::get(url).call()?;
        let expected = response.body().content_length();
        let mut file = fs::File::create(&path)?;
        let n_bytes = std::io::copy(&mut response.body_mut().as_reader(), &mut file)?;
        anyhow::ensure!(
            expected.is_none_or(|expected| expected == n_bytes),
            "the connection ended after {n_bytes} of {} bytes",
            expected.unwrap_or_default()
        );
        Ok(())
    };
    fetched().map_err(|error| {
        Fault::unavailable(format!(
            "cannot download {url}: {error:#}\n(hint: --from takes a local file too)"
        ))
    })?;
    Ok(path)
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

    #[test]
    fn a_wrong_checksum_names_both() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "x").unwrap();
        let error = fetch(path.to_str().unwrap(), Some("00"), dir.path()).unwrap_err().to_string();
        assert!(error.contains("2d711642") && error.contains("expected 00"), "{error}");
    }

    /// Serves `body` once, announced with `length`, and returns its URL.
    fn served_once(body: &'static str, length: usize) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/rcv1.txt", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            use std::io::{BufRead as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            let request = std::io::BufReader::new(stream.try_clone().unwrap());
            request.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        });
        url
    }

    #[test]
    fn a_url_is_downloaded_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        let sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let path = fetch(&served_once("x", 1), Some(sha256), dir.path()).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"x");
    }

    #[test]
    fn a_download_that_breaks_off_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = fetch(&served_once("x", 1000), None, dir.path()).unwrap_err().to_string();
        assert!(error.contains("cannot download"), "{error}");
    }
}

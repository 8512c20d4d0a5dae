//! What identifies data: SHA-256 of a file, and of a directory of files.

use std::{fs, io::Read as _, path::Path};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::cache::COMPLETE;
use crate::run_dir::hex;

/// The SHA-256 of a file's contents, as hexadecimal digits.
///
/// # Errors
/// If it cannot be read.
pub fn digest_file(path: &Path) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    feed(&mut hasher, path)?;
    Ok(hex(&hasher.finalize()))
}

/// The SHA-256 over the names and contents of a directory's files, without the
/// file by which the cache marks it as whole.
///
/// # Errors
/// If it cannot be read, or holds anything but files: a digest that passed over
/// a folder would vouch for what it has not seen.
pub(super) fn digest_dir(dir: &Path) -> anyhow::Result<String> {
    let cannot_list = || format!("list {}", dir.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).with_context(cannot_list)? {
        let path = entry.with_context(cannot_list)?.path();
        anyhow::ensure!(
            path.is_file(),
            "{} is no file\n(hint: a data set is laid out as files in one directory)",
            path.display()
        );
        paths.push(path);
    }
    paths.retain(|path| !path.ends_with(COMPLETE));
    paths.sort();
    let mut hasher = Sha256::new();
    for path in paths {
        hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update([0]);
        feed(&mut hasher, &path)?;
    }
    Ok(hex(&hasher.finalize()))
}

/// Compares a directory with the digest that was taken of it.
///
/// # Errors
/// If a file changed since, or see [`digest_dir`].
pub(super) fn verify_dir(dir: &Path, expected: &str) -> anyhow::Result<()> {
    let found = digest_dir(dir)?;
    anyhow::ensure!(
        found == expected,
        "{} has changed: sha256 {found}, was {expected}\n(hint: remove it and prepare it again)",
        dir.display()
    );
    Ok(())
}

fn feed(hasher: &mut Sha256, path: &Path) -> anyhow::Result<()> {
    let cannot_read = || format!("read {}", path.display());
    let mut file = fs::File::open(path).with_context(cannot_read)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n_bytes = file.read(&mut buffer).with_context(cannot_read)?;
        if n_bytes == 0 {
            return Ok(());
        }
        hasher.update(&buffer[..n_bytes]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_content_move_the_digest_and_the_mark_of_the_cache_does_not() {
        let digest = |name: &str, content: &str| {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), content).unwrap();
            fs::write(dir.path().join(COMPLETE), content).unwrap();
            digest_dir(dir.path()).unwrap()
        };
        assert_ne!(digest("a", "1"), digest("b", "1"));
        assert_ne!(digest("a", "1"), digest("a", "2"));
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "1").unwrap();
        assert_eq!(digest("a", "1"), digest_dir(dir.path()).unwrap());
    }

    #[test]
    fn a_folder_is_refused_and_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("more")).unwrap();
        assert!(digest_dir(dir.path()).unwrap_err().to_string().contains("more is no file"));
    }
}

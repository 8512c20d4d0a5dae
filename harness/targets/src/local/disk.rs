//! A directory that holds no more than its limit: a file system in memory,
//! mounted for one instance.

use std::{
    fs::{self, File},
    io,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, anyhow, bail};
use rustix::{
    io::Errno,
    mount::{MountFlags, UnmountFlags},
};

use crate::{ballast, label::RunLabel, ledger::Resource};

/// The mounted directory of an instance.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    ballast: Mutex<Option<File>>,
}

/// Something that is mounted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The kernel's number of it.
    pub(crate) id: u64,
    pub(crate) dir: PathBuf,
    /// The kind of file system, such as `tmpfs`.
    pub(crate) kind: String,
}

/// The ledger's word for it.
pub(crate) fn resource(dir: &Path) -> Resource {
    Resource::new("mount", dir.display().to_string())
}

impl Disk {
    /// Mounts a file system of this size in a directory. It is in memory,
    /// because only there a size can be given on every machine.
    pub(crate) fn mount(dir: &Path, n_bytes: u64) -> anyhow::Result<Self> {
        let options = std::ffi::CString::new(format!("size={n_bytes},mode=0700"))
            .expect("digits and letters hold no zero byte");
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        match rustix::mount::mount("tmpfs", dir, "tmpfs", flags, options.as_c_str()) {
            Ok(()) => Ok(Self { dir: dir.to_owned(), ballast: Mutex::default() }),
            Err(Errno::PERM) => bail!(
                "this user may not limit the disk of an instance, which takes a mount \
                 (hint: run as root, or leave the limit out)"
            ),
            Err(error) => {
                Err(anyhow!(error)).with_context(|| format!("mount a disk at {}", dir.display()))
            }
        }
    }

    /// Takes all the space that is left.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let taken = ballast::take_all(&self.dir)
            .with_context(|| format!("fill the disk at {}", self.dir.display()))?;
        *self.ballast() = Some(taken);
        Ok(())
    }

    /// Gives back what [`Self::fill`] took.
    pub(crate) fn free(&self) -> anyhow::Result<()> {
        if let Some(ballast) = self.ballast().take() {
            // Not by closing it alone: a child between fork and exec, of
            // whoever starts a process just now, holds it open too.
            ballast.set_len(0).context("give the space back")?;
        }
        let is_full = ballast::is_full(&self.dir).context("write to the disk")?;
        anyhow::ensure!(!is_full, "the instance's own files fill the disk");
        Ok(())
    }

    /// Unmounts it with all that is in it.
    pub(crate) fn unmount(&self) -> io::Result<()> {
        drop(self.ballast().take());
        unmount(&self.dir)
    }

    fn ballast(&self) -> std::sync::MutexGuard<'_, Option<File>> {
        self.ballast.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Unmounts everything that is mounted at this directory. Whoever still has
/// files open there keeps them, but nobody finds them any more.
pub(crate) fn unmount(dir: &Path) -> io::Result<()> {
    loop {
        match rustix::mount::unmount(dir, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
            Ok(()) => {}
            // Nothing is mounted there, or it is gone altogether.
            Err(Errno::INVAL | Errno::NOENT) => return Ok(()),
            Err(Errno::PERM) if !mounts().iter().any(|mount| mount.dir == dir) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The run in whose directory a path is.
pub(crate) fn label(path: &Path) -> Option<RunLabel> {
    path.components().find_map(|part| RunLabel::in_name(&part.as_os_str().to_string_lossy()))
}

/// Everything that is mounted.
pub(crate) fn mounts() -> Vec<Mount> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    table.lines().filter_map(Mount::parse).collect()
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        // Optional fields stand before the dash, so the kind is counted from it.
        let (head, tail) = line.split_once(" - ")?;
        let mut fields = head.split(' ');
        let id = fields.next()?.parse().ok()?;
        let dir = unescape(fields.nth(3)?);
        Some(Self { id, dir, kind: tail.split(' ').next()?.to_owned() })
    }
}

/// The kernel writes white space and backslashes as three octal digits.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| *byte == b'\\')
            .and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(octal.unwrap_or(*byte));
        rest = if octal.is_some() { &after[3..] } else { after };
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_with_a_space_in_its_path_is_read() {
        let line =
            r"812 29 0:57 / /tmp/a\040b/reprise-0123456789ab-t1/w-0 rw shared:9 - tmpfs t rw";
        let mount = Mount::parse(line).unwrap();
        let dir = PathBuf::from("/tmp/a b/reprise-0123456789ab-t1/w-0");
        assert_eq!(label(&dir).unwrap().as_str(), "0123456789ab");
        assert_eq!(mount, Mount { id: 812, dir, kind: "tmpfs".to_owned() });
    }

    #[test]
    fn a_directory_outside_of_runs_has_no_label() {
        assert_eq!(label(Path::new("/tmp/precious")), None);
    }
}

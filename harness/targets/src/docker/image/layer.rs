//! The one layer of an assembled image: a tar archive that is the same, bit for
//! bit, whenever and by whomever it is written from the same files.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::tree::{Entry, Tree};
use crate::docker::container::{INSTANCE_DIR, INSTANCE_DIR_MODE};

/// What identifies some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    /// SHA-256 in hexadecimal digits.
    pub(crate) sha256: String,
    /// Their number.
    pub(crate) size_bytes: u64,
}

/// Adds what programs expect of any machine.
pub(crate) fn furnish(tree: &mut Tree) -> io::Result<()> {
    let accounts = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
    let furniture = [
        ("/tmp", Entry::Directory { mode: INSTANCE_DIR_MODE }),
        (INSTANCE_DIR, Entry::Directory { mode: INSTANCE_DIR_MODE }),
        ("/etc/passwd", Entry::Text(accounts)),
        ("/etc/group", Entry::Text("root:x:0:\nnogroup:x:65534:\n")),
    ];
    for (path, entry) in furniture {
        // What the user included is left as it is.
        if tree.at(Path::new(path)).is_none() {
            tree.place(Path::new(path), entry)?;
        }
    }
    Ok(())
}

/// Writes the layer, file by file, and says what was written.
pub(crate) fn write(tree: &Tree, into: impl Write) -> anyhow::Result<Digest> {
    let mut builder = Builder::new(Hashing { into, state: Sha256::new(), size_bytes: 0 });
    for (path, entry) in tree.iter() {
        append(&mut builder, path, entry).with_context(|| format!("pack {}", path.display()))?;
    }
    let Hashing { state, size_bytes, .. } = builder.into_inner().context("pack a layer")?;
    Ok(Digest { sha256: hexadecimal(&state.finalize()), size_bytes })
}

/// The digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn append(builder: &mut Builder<impl Write>, path: &Path, entry: &Entry) -> io::Result<()> {
    let path = path.strip_prefix("/").unwrap_or(path);
    match entry {
        Entry::Directory { mode } => {
            let mut header = header(EntryType::Directory, *mode, 0);
            builder.append_data(&mut header, path, io::empty())
        }
        Entry::File { source, mode, size_bytes } => {
            let content = Whole { file: File::open(source)?, n_left_bytes: *size_bytes };
            let mut header = header(EntryType::Regular, *mode, *size_bytes);
            builder.append_data(&mut header, path, content)
        }
        Entry::Text(text) => {
            let mut header = header(EntryType::Regular, 0o644, text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes())
        }
        Entry::Symlink { target } => {
            builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target)
        }
    }
}

/// The header of an entry that belongs to root and was changed last in 1970.
pub(crate) fn header(kind: EntryType, mode: u32, size_bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size_bytes);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// As much of a file as its header promises, and never less.
struct Whole {
    file: File,
    n_left_bytes: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = (&mut self.file).take(self.n_left_bytes).read(buffer)?;
        if n_bytes == 0 && self.n_left_bytes > 0 && !buffer.is_empty() {
            return Err(io::Error::other("it became shorter while it was read"));
        }
        self.n_left_bytes -= n_bytes as u64;
        Ok(n_bytes)
    }
}

/// Hashes and counts what passes.
struct Hashing<W> {
    into: W,
    state: Sha256,
    size_bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_bytes = self.into.write(bytes)?;
        self.state.update(&bytes[..n_bytes]);
        self.size_bytes += n_bytes as u64;
        Ok(n_bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

    use super::*;

    fn tree_with(source: &Path) -> Tree {
        let mut tree = Tree::default();
        tree.place(Path::new("/bin/tool"), Entry::of_file(source).unwrap()).unwrap();
        furnish(&mut tree).unwrap();
        tree
    }

    fn tool(dir: &Path, name: &str, content: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_layer_holds_the_files_and_what_programs_expect() {
        let dir = tempfile::tempdir().unwrap();
        let tree = tree_with(&tool(dir.path(), "tool", "code"));
        let mut layer = Vec::new();
        let digest = write(&tree, &mut layer).unwrap();
        assert_eq!(
            digest,
            Digest { sha256: super::digest(&layer), size_bytes: layer.len() as u64 }
        );
        let mut archive = tar::Archive::new(layer.as_slice());
        let lines = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            let (mode, mtime) = (header.mode().unwrap(), header.mtime().unwrap());
            let (uid, size) = (header.uid().unwrap(), header.size().unwrap());
            format!("{} {mode:o} {uid} {size} {mtime}", entry.path().unwrap().display())
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
        bin 755 0 0 0
        bin/tool 755 0 4 0
        etc 755 0 0 0
        etc/group 644 0 27 0
        etc/passwd 644 0 67 0
        reprise 1777 0 0 0
        tmp 1777 0 0 0
        ");
    }

    #[test]
    fn the_same_content_elsewhere_and_later_is_the_same_layer() {
        let dir = tempfile::tempdir().unwrap();
        let first = tree_with(&tool(dir.path(), "first", "code"));
        let second = tree_with(&tool(dir.path(), "second", "code"));
        let other = tree_with(&tool(dir.path(), "other", "Code"));
        let layer = |tree| write(tree, io::sink()).unwrap();
        assert_eq!(layer(&first), layer(&second));
        assert_ne!(layer(&first), layer(&other));
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_packed_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let source = tool(dir.path(), "tool", "code");
        let tree = tree_with(&source);
        fs::write(source, "co").unwrap();
        let error = write(&tree, io::sink()).unwrap_err();
        insta::assert_snapshot!(format!("{error:#}"), @"pack /bin/tool: it became shorter while it was read");
    }

    #[test]
    fn long_paths_and_links_survive() {
        let long = "d".repeat(120);
        let path = PathBuf::from(format!("/{long}/{long}"));
        let mut tree = Tree::default();
        tree.place(&path, Entry::Symlink { target: path.clone() }).unwrap();
        let mut layer = Vec::new();
        write(&tree, &mut layer).unwrap();
        let mut archive = tar::Archive::new(layer.as_slice());
        let link = archive.entries().unwrap().nth(1).unwrap().unwrap();
        assert_eq!(Path::new("/").join(link.path().unwrap()), path);
        assert_eq!(link.link_name().unwrap().unwrap(), path);
    }
}

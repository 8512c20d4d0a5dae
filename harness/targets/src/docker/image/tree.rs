//! The plan of an image's files: each path, and where its content comes from.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::OsString,
    fs::{self, Metadata},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use anyhow::Context as _;

/// More symbolic links than this on one path are a circle, as for the kernel.
const N_LINKS_MAX: usize = 40;

/// What stands at each path of an image, in the order of the paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    entries: BTreeMap<PathBuf, Entry>,
    /// Directories of this machine whose content is in the plan.
    filled: BTreeSet<PathBuf>,
}

/// What stands at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A directory with these permissions.
    Directory { mode: u32 },
    /// The content of a file of this machine.
    File { source: PathBuf, mode: u32, size_bytes: u64 },
    /// A file of our own making.
    Text(&'static str),
    /// A symbolic link.
    Symlink { target: PathBuf },
}

impl Tree {
    /// Adds a file or a whole directory of this machine under its own path,
    /// with every directory and symbolic link on the way to it. What links
    /// point to comes along; a link to nothing stays one.
    pub(crate) fn mirror(&mut self, path: &Path) -> io::Result<()> {
        let end = self.walk(path, on_this_machine)?;
        let mut pending = self.children(&end)?;
        while let Some(path) = pending.pop() {
            match self.walk(&path, on_this_machine) {
                Ok(end) => pending.extend(self.children(&end)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts an entry at a path, with the directories on the way to it.
    pub(crate) fn place(&mut self, path: &Path, entry: Entry) -> io::Result<()> {
        let make = |_: &Path| Ok(Some(Entry::Directory { mode: 0o755 }));
        let dir = self.walk(path.parent().unwrap_or(Path::new("/")), make)?;
        self.entries.insert(dir.join(path.file_name().unwrap_or_default()), entry);
        Ok(())
    }

    /// The entry at exactly this path.
    pub(crate) fn at(&self, path: &Path) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// All paths with what stands there; parents come before their children.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_path(), entry))
    }

    /// Goes along a path, through links, and adds what is not in the plan yet
    /// as `found` has it. Returns where the path ends.
    fn walk(
        &mut self,
        path: &Path,
        found: impl Fn(&Path) -> io::Result<Option<Entry>>,
    ) -> io::Result<PathBuf> {
        let mut real = PathBuf::from("/");
        let mut ahead = steps(path);
        let mut n_links = 0;
        while let Some(step) = ahead.pop_front() {
            if step == ".." {
                real.pop();
                continue;
            }
            let next = real.join(step);
            if !self.entries.contains_key(&next) {
                let Some(entry) = found(&next)? else { return Ok(next) };
                self.entries.insert(next.clone(), entry);
            }
            let Some(Entry::Symlink { target }) = self.entries.get(&next) else {
                real = next;
                continue;
            };
            n_links += 1;
            if n_links > N_LINKS_MAX {
                return Err(io::Error::other("too many levels of symbolic links"));
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            let mut detour = steps(target);
            detour.append(&mut ahead);
            ahead = detour;
        }
        Ok(real)
    }

    /// What is in a directory, the first time that it is asked for.
    fn children(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let is_dir = matches!(self.entries.get(path), Some(Entry::Directory { .. }));
        if !is_dir || !self.filled.insert(path.to_owned()) {
            return Ok(vec![]);
        }
        fs::read_dir(path)?.map(|child| Ok(child?.path())).collect()
    }
}

/// `None` for sockets, pipes and devices: they hold nothing to take along.
fn on_this_machine(path: &Path) -> io::Result<Option<Entry>> {
    let metadata = fs::symlink_metadata(path)?;
    let kind = metadata.file_type();
    Ok(if kind.is_symlink() {
        Some(Entry::Symlink { target: fs::read_link(path)? })
    } else if kind.is_dir() {
        Some(Entry::Directory { mode: mode(&metadata) })
    } else if kind.is_file() {
        Some(file(path, &metadata))
    } else {
        None
    })
}

fn file(source: &Path, metadata: &Metadata) -> Entry {
    let source = source.to_owned();
    Entry::File { source, mode: mode(metadata), size_bytes: metadata.len() }
}

impl Entry {
    /// A file of this machine, for a path of its own in the image.
    pub(crate) fn of_file(source: &Path) -> anyhow::Result<Self> {
        let metadata =
            fs::metadata(source).with_context(|| format!("look at {}", source.display()))?;
        Ok(file(source, &metadata))
    }
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o7777
}

fn steps(path: &Path) -> VecDeque<OsString> {
    let is_step =
        |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().filter(is_step).map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The paths below `root`, with what stands there in a word.
    fn listing(tree: &Tree, root: &Path) -> Vec<String> {
        let below = tree.iter().filter_map(|(path, entry)| {
            let path = path.strip_prefix(root).ok().filter(|path| *path != Path::new(""))?;
            let what = match entry {
                Entry::Directory { mode } => format!("/ {mode:o}"),
                Entry::File { size_bytes, .. } => format!(" {size_bytes} bytes"),
                Entry::Text(text) => format!(" {text}"),
                Entry::Symlink { target } => format!(" -> {}", target.display()),
            };
            Some(format!("{}{what}", path.display()))
        });
        below.collect()
    }

    /// A temporary directory whose own path has no links in it.
    fn scratch() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        (dir, root)
    }

    #[test]
    fn a_file_comes_with_the_links_on_the_way_to_it() {
        let (_dir, root) = scratch();
        fs::create_dir_all(root.join("usr/lib64")).unwrap();
        fs::write(root.join("usr/lib64/ld.so"), "loader").unwrap();
        symlink("usr/lib64", root.join("lib64")).unwrap();
        let mut tree = Tree::default();
        tree.mirror(&root.join("lib64/ld.so")).unwrap();
        let expected =
            ["lib64 -> usr/lib64", "usr/ 755", "usr/lib64/ 755", "usr/lib64/ld.so 6 bytes"];
        assert_eq!(listing(&tree, &root), expected);
    }

    #[test]
    fn a_directory_comes_with_what_its_links_point_to() {
        let (_dir, root) = scratch();
        fs::create_dir_all(root.join("in/deep")).unwrap();
        fs::create_dir_all(root.join("out")).unwrap();
        fs::write(root.join("out/far"), "far").unwrap();
        fs::write(root.join("out/unrelated"), "").unwrap();
        symlink("../../out/far", root.join("in/deep/near")).unwrap();
        symlink("nowhere", root.join("in/dangling")).unwrap();
        symlink("..", root.join("in/deep/circle")).unwrap();
        let mut tree = Tree::default();
        tree.mirror(&root.join("in")).unwrap();
        let expected = [
            "in/ 755",
            "in/dangling -> nowhere",
            "in/deep/ 755",
            "in/deep/circle -> ..",
            "in/deep/near -> ../../out/far",
            "out/ 755",
            "out/far 3 bytes",
        ];
        assert_eq!(listing(&tree, &root), expected);
    }

    #[test]
    fn what_is_placed_under_a_link_lands_where_the_link_leads() {
        let (_dir, root) = scratch();
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        fs::write(root.join("usr/bin/sh"), "").unwrap();
        symlink("usr/bin", root.join("bin")).unwrap();
        let mut tree = Tree::default();
        tree.mirror(&root.join("bin/sh")).unwrap();
        tree.place(&root.join("bin/worker"), Entry::Text("own")).unwrap();
        assert_eq!(tree.at(&root.join("usr/bin/worker")), Some(&Entry::Text("own")));
    }

    #[test]
    fn a_path_that_goes_in_circles_is_an_error() {
        let (_dir, root) = scratch();
        symlink("b", root.join("a")).unwrap();
        symlink("a", root.join("b")).unwrap();
        let error = Tree::default().mirror(&root.join("a")).unwrap_err();
        assert_eq!(error.to_string(), "too many levels of symbolic links");
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        let (_dir, root) = scratch();
        let error = Tree::default().mirror(&root.join("nothing")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

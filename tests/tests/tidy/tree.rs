//! The files that the rules are about: what Git has, or would have after `git add`.

use std::{fs, path::Path};

use workspace_tests::root;
use xshell::{Shell, cmd};

/// A text file of the workspace.
pub(crate) struct File {
    /// From the workspace's root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The name of the folder that the file is in.
    pub(crate) fn folder(&self) -> &str {
        let folder = Path::new(&self.path).parent().and_then(Path::file_name);
        folder.and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub(crate) fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }
}

/// Every file, by its path from the root. Without a repository, as in an
/// unpacked archive, all files that no build wrote.
pub(crate) fn paths() -> Vec<String> {
    if !root().join(".git").exists() {
        return walk(root());
    }
    let shell = Shell::new().unwrap();
    shell.change_dir(root());
    // The checkout may belong to another user, as it does in a container.
    let listing =
        cmd!(shell, "git -c safe.directory=* ls-files -z --cached --others --exclude-standard");
    let listing = listing.quiet().read().unwrap();
    let paths = listing.split_terminator('\0').filter(|path| root().join(path).is_file());
    paths.map(str::to_owned).collect()
}

/// The text files whose path `select` picks.
pub(crate) fn files(select: impl Fn(&str) -> bool) -> Vec<File> {
    let paths = paths().into_iter().filter(|path| select(path));
    paths
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(root().join(&path)).unwrap()).ok()?;
            Some(File { path, text })
        })
        .collect()
}

/// The Rust sources, the guests' among them.
pub(crate) fn sources() -> Vec<File> {
    files(|path| path.ends_with(".rs"))
}

/// The one file at `path`.
pub(crate) fn file(path: &str) -> File {
    let text = fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    File::new(path, &text)
}

/// The systems: the folders of experiments/ that have a manifest.
pub(crate) fn systems() -> Vec<String> {
    let manifests = files(|path| is_in_folder_of(path, "experiments/", "/Cargo.toml"));
    manifests.iter().map(|manifest| manifest.folder().to_owned()).collect()
}

/// Whether `path` is `prefix`, one name, `suffix`.
pub(crate) fn is_in_folder_of(path: &str, prefix: &str, suffix: &str) -> bool {
    let name = path.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

fn walk(dir: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let from_root = path.strip_prefix(root()).unwrap().to_str().unwrap();
        if path.is_file() {
            paths.push(from_root.to_owned());
        } else if !["target", "results"].contains(&from_root) {
            paths.extend(walk(&path));
        }
    }
    paths
}

#[test]
fn the_tree_has_this_file() {
    assert!(paths().iter().any(|path| path == "tests/tests/tidy/tree.rs"));
}

#[test]
fn a_walk_finds_all_that_git_lists() {
    let walked = walk(&root().join("tests"));
    let listed = paths().into_iter().filter(|path| path.starts_with("tests/"));
    assert!(listed.into_iter().all(|path| walked.contains(&path)));
}

//! Files stay small enough to be read, and nothing large is committed.

use std::fs;

use workspace_tests::{hold, root};

use crate::tree::{File, paths, sources};

const MAX_LINES: usize = 900;
const MAX_MEDIAN_LINES: usize = 150;
const MAX_P90_LINES: usize = 500;
const MAX_BYTES: u64 = 1 << 20;

fn too_long(file: &File) -> Option<String> {
    let n_lines = file.text.lines().count();
    (n_lines > MAX_LINES)
        .then(|| format!("{}: {n_lines} lines (hint: a file has one job; split it)", file.path))
}

/// The share `percent` of files that are shorter is too small.
fn too_long_at(percent: usize, max_lines: usize, mut n_lines: Vec<usize>) -> Option<String> {
    n_lines.sort_unstable();
    let at = *n_lines.get(n_lines.len() * percent / 100)?;
    eprintln!("{percent} % of {} sources have at most {at} lines", n_lines.len());
    (at > max_lines).then(|| {
        format!("{percent} % of the sources reach {at} lines, above {max_lines} (hint: split some)")
    })
}

fn too_large(path: &str, len_bytes: u64) -> Option<String> {
    (len_bytes > MAX_BYTES).then(|| {
        format!("{path}: {len_bytes} bytes (hint: fetch it with `cargo xtask data`, uncommitted)")
    })
}

fn lengths() -> Vec<usize> {
    sources().iter().map(|file| file.text.lines().count()).collect()
}

#[test]
fn no_source_is_too_long() {
    hold(sources().iter().filter_map(too_long));
}

#[test]
fn a_source_that_is_too_long_is_found() {
    assert!(too_long(&File::new("a.rs", &"\n".repeat(MAX_LINES))).is_none());
    assert!(too_long(&File::new("a.rs", &"\n".repeat(MAX_LINES + 1))).is_some());
}

#[test]
fn most_sources_fit_a_few_screens() {
    hold(too_long_at(50, MAX_MEDIAN_LINES, lengths()));
    hold(too_long_at(90, MAX_P90_LINES, lengths()));
}

#[test]
fn long_sources_by_habit_are_found() {
    assert!(too_long_at(50, 150, vec![10, 10, 160]).is_none());
    assert!(too_long_at(50, 150, vec![10, 160, 160]).is_some());
}

#[test]
fn nothing_large_is_committed() {
    hold(paths().iter().filter_map(|path| {
        let metadata = fs::metadata(root().join(path)).unwrap();
        too_large(path, metadata.len())
    }));
}

#[test]
fn a_large_file_is_found() {
    assert!(too_large("a.bin", MAX_BYTES).is_none());
    assert!(too_large("a.bin", MAX_BYTES + 1).is_some());
}

//! No source lies dead: each is a root that Cargo finds, or a module that is named.

use workspace_tests::hold;

use crate::tree::{File, is_in_folder_of, sources};

fn dead(files: &[File]) -> Vec<String> {
    let dead = files.iter().filter(|file| !is_root(&file.path) && !is_named(file, files));
    dead.map(|file| format!("{}: no module names it (hint: name or delete it)", file.path))
        .collect()
}

/// Whether a compiler is called with this file.
fn is_root(path: &str) -> bool {
    let (_, from_package) = split_package(path);
    let root_folders = ["src/bin/", "tests/", "benches/", "examples/", "wasm/"];
    ["src/main.rs", "src/lib.rs", "build.rs"].contains(&from_package)
        || root_folders.iter().any(|folder| {
            is_in_folder_of(from_package, folder, ".rs")
                || is_in_folder_of(from_package, folder, "/main.rs")
        })
}

/// A path's package, and the rest.
fn split_package(path: &str) -> (&str, &str) {
    let depth = if path.starts_with("xtask/") || path.starts_with("tests/") { 1 } else { 2 };
    let slash = path.match_indices('/').nth(depth - 1).map_or(0, |(at, _)| at + 1);
    path.split_at(slash)
}

/// Whether the file's parent has `mod NAME;`, or any file names it by its path.
fn is_named(file: &File, files: &[File]) -> bool {
    let is_folder = file.stem() == "mod";
    let module = if is_folder { file.folder() } else { file.stem() };
    let own_path = if is_folder { format!("{module}/mod.rs") } else { format!("{module}.rs") };
    let parent_folder = file.path.strip_suffix(&own_path).unwrap_or_default();
    let parents = ["mod.rs", "main.rs", "lib.rs"].map(|name| format!("{parent_folder}{name}"));
    let parent_beside = format!("{}.rs", parent_folder.trim_end_matches('/'));

    let by_name = format!("mod {module};");
    let by_path = [format!("/{own_path}\"]"), format!("\"{own_path}\"]")];
    files.iter().any(|other| {
        let is_parent = parents.contains(&other.path) || other.path == parent_beside;
        (is_parent && other.text.contains(&by_name))
            || by_path.iter().any(|path| other.text.contains(path))
    })
}

#[test]
fn no_source_is_dead() {
    hold(dead(&sources()));
}

#[track_caller]
fn check_dead(files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<_> = files.iter().map(|(path, text)| File::new(path, text)).collect();
    let complaints = dead(&files);
    let found: Vec<_> = complaints.iter().filter_map(|text| text.split(':').next()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_source_that_no_module_names_is_dead() {
    check_dead(&[("harness/kv/src/lib.rs", "mod a;"), ("harness/kv/src/a.rs", "")], &[]);
    let b = "harness/kv/src/b.rs";
    check_dead(&[("harness/kv/src/lib.rs", "mod a;"), (b, "")], &[b]);
}

#[test]
fn a_module_is_named_in_its_own_parent() {
    let named = ("harness/kv/src/a/c.rs", "");
    check_dead(&[("harness/kv/src/a/mod.rs", "mod c;"), named], &["harness/kv/src/a/mod.rs"]);
    check_dead(&[("harness/kv/src/lib.rs", "mod c;"), named], &[named.0]);
}

#[test]
fn a_module_may_be_named_by_its_path() {
    let guest = ("fixtures/guests/src/noop.rs", "");
    check_dead(&[("fixtures/guests/wasm/noop.rs", "#[path = \"../src/noop.rs\"]"), guest], &[]);
}

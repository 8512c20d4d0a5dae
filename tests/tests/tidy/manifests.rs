//! Rules on the crates' manifests: what is the same for all stands in the root's.

use workspace_tests::hold;

use crate::tree::{files, systems};

const FROM_WORKSPACE: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
const DEPENDENCY_KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

struct Manifest {
    /// The folder of the crate, from the workspace's root.
    folder: String,
    table: toml::Table,
}

impl Manifest {
    fn parse(folder: &str, text: &str) -> Self {
        let table = text.parse().unwrap_or_else(|error| panic!("{folder}/Cargo.toml: {error}"));
        Self { folder: folder.to_owned(), table }
    }

    fn name(&self) -> &str {
        self.table["package"]["name"].as_str().unwrap_or_default()
    }

    fn features(&self) -> toml::Table {
        let features = self.table.get("features").and_then(toml::Value::as_table);
        features.cloned().unwrap_or_default()
    }

    fn complain(&self, what: impl std::fmt::Display) -> String {
        format!("{}/Cargo.toml: {what}", self.folder)
    }
}

fn manifests() -> Vec<Manifest> {
    let manifests = files(|path| path.ends_with("/Cargo.toml"));
    manifests
        .iter()
        .map(|file| Manifest::parse(file.path.trim_end_matches("/Cargo.toml"), &file.text))
        .collect()
}

fn has_own_lints(manifest: &Manifest) -> Option<String> {
    let lints = manifest.table.get("lints").and_then(toml::Value::as_table);
    let from_workspace = lints.is_some_and(is_from_workspace);
    (!from_workspace)
        .then(|| manifest.complain("does not take the lints (hint: `[lints]` `workspace = true`)"))
}

fn own_package_keys(manifest: &Manifest) -> Vec<String> {
    let package = manifest.table.get("package").and_then(toml::Value::as_table);
    let inherits = |key: &str| {
        let value = package.and_then(|package| package.get(key)).and_then(toml::Value::as_table);
        value.is_some_and(is_from_workspace)
    };
    let own = FROM_WORKSPACE.iter().filter(|key| !inherits(key));
    own.map(|key| manifest.complain(format!("own `{key}` (hint: `{key}.workspace = true`)")))
        .collect()
}

fn is_misnamed(manifest: &Manifest) -> Option<String> {
    let folder = manifest.folder.rsplit('/').next().unwrap_or_default();
    // A package `tests` would read as a part of another.
    let expected = if manifest.folder == "tests" { "workspace-tests" } else { folder };
    (manifest.name() != expected).then(|| {
        manifest.complain(format!("is named `{}` (hint: call it `{expected}`)", manifest.name()))
    })
}

fn own_dependencies(manifest: &Manifest) -> Vec<String> {
    let own = dependencies(&manifest.table);
    let own = own.into_iter().filter(|(_, value)| !value.as_table().is_some_and(takes_workspace));
    own.map(|(name, _)| {
        manifest.complain(format!(
            "`{name}` has a version or features of its own \
             (hint: [workspace.dependencies] of the root, and `{name}.workspace = true`)"
        ))
    })
    .collect()
}

/// All dependencies, those of a single platform among them.
fn dependencies(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let platforms = table.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let platforms = platforms.filter_map(|(_, platform)| platform.as_table());
    std::iter::once(table)
        .chain(platforms)
        .flat_map(|table| DEPENDENCY_KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Features too are fixed in the root, or `-p` builds what the whole did not.
fn takes_workspace(dependency: &toml::Table) -> bool {
    let only = dependency.keys().all(|key| ["workspace", "optional"].contains(&key.as_str()));
    only && dependency.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

fn is_from_workspace(table: &toml::Table) -> bool {
    table.len() == 1 && table.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

/// `cargo test --features local` reaches the harness only through the systems.
fn unforwarded_features(system: &Manifest, harness: &Manifest) -> Vec<String> {
    let own = system.features();
    let forwards = |feature: &str| {
        let enables = own.get(feature).and_then(toml::Value::as_array).into_iter().flatten();
        enables.filter_map(toml::Value::as_str).any(|name| name == format!("harness/{feature}"))
    };
    let harness = harness.features();
    let missing = harness.keys().filter(|name| *name != "default" && !forwards(name));
    missing
        .map(|name| {
            system.complain(format!(
                "feature `{name}` does not reach the harness (hint: `{name} = [\"harness/{name}\"]`)"
            ))
        })
        .collect()
}

#[test]
fn every_crate_takes_the_lints() {
    hold(manifests().iter().filter_map(has_own_lints));
}

#[test]
fn a_crate_without_the_lints_is_found() {
    assert!(has_own_lints(&Manifest::parse("harness/a", "[lints]\nworkspace = true\n")).is_none());
    assert!(has_own_lints(&Manifest::parse("harness/a", "[lints.rust]\n")).is_some());
    assert!(has_own_lints(&Manifest::parse("harness/a", "")).is_some());
}

#[test]
fn every_crate_is_versioned_and_licensed_as_the_workspace() {
    hold(manifests().iter().flat_map(own_package_keys));
}

#[test]
fn a_version_or_edition_of_its_own_is_found() {
    let manifest = Manifest::parse("harness/a", "[package]\nversion = \"1.0.0\"\n");
    assert_eq!(own_package_keys(&manifest).len(), FROM_WORKSPACE.len());
}

#[test]
fn every_package_is_named_as_its_folder() {
    hold(manifests().iter().filter_map(is_misnamed));
}

#[test]
fn a_package_with_another_name_is_found() {
    let named = |name: &str| format!("[package]\nname = \"{name}\"\n");
    assert!(is_misnamed(&Manifest::parse("harness/a", &named("a"))).is_none());
    assert!(is_misnamed(&Manifest::parse("harness/a", &named("harness-a"))).is_some());
    assert!(is_misnamed(&Manifest::parse("tests", &named("tests"))).is_some());
}

#[test]
fn every_dependency_is_the_workspaces() {
    hold(manifests().iter().flat_map(own_dependencies));
}

#[track_caller]
fn check_own(manifest: &str, expected: usize) {
    let found = own_dependencies(&Manifest::parse("harness/a", manifest));
    assert_eq!(found.len(), expected, "{found:?}");
}

#[test]
fn a_dependency_of_its_own_is_found() {
    check_own("[dependencies]\nb.workspace = true\n", 0);
    check_own("[dependencies]\nb = { workspace = true, optional = true }\n", 0);
    check_own("[dependencies]\nb = \"1\"\n", 1);
    check_own("[dev-dependencies]\nb = { path = \"../b\" }\n", 1);
    check_own("[target.'cfg(unix)'.dependencies]\nb = \"1\"\n", 1);
    check_own("[dependencies]\nb = { workspace = true, features = [\"c\"] }\n", 1);
}

#[test]
fn every_system_forwards_the_features_of_the_harness() {
    let all = manifests();
    let harness = all.iter().find(|manifest| manifest.folder == "harness/harness").unwrap();
    let systems = systems();
    let systems = all.iter().filter(|manifest| systems.iter().any(|name| name == manifest.name()));
    hold(systems.flat_map(|system| unforwarded_features(system, harness)));
}

#[test]
fn a_feature_that_stops_at_a_system_is_found() {
    let harness = Manifest::parse("harness/harness", "[features]\nlocal = [\"targets/local\"]\n");
    let forwards = |enables: &str| {
        let system = format!("[features]\nlocal = [{enables}]\n");
        unforwarded_features(&Manifest::parse("experiments/a", &system), &harness).is_empty()
    };
    assert!(forwards("\"harness/local\"") && !forwards(""));
}

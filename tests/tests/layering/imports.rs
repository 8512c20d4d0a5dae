//! Our crates import each other downwards only.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use workspace_tests::{cargo, hold, root};

/// What each crate of ours may import, tests and benchmarks included.
const LAYERS: [(&str, &[&str]); 12] = [
    ("node", &[]),
    ("stats", &[]),
    ("sim", &[]),
    ("load", &["node", "stats"]),
    ("kv", &["node"]),
    ("sandbox", &["node"]),
    ("gateway", &["node"]),
    ("nn", &["node"]),
    ("targets", &["node"]),
    ("harness", &["gateway", "kv", "load", "nn", "node", "sandbox", "sim", "stats", "targets"]),
    ("xtask", &[]),
    ("workspace-tests", &["harness", "node", "targets"]),
];

/// What the system under test may import, whichever it is.
const SYSTEM: [&str; 8] = ["gateway", "kv", "load", "nn", "node", "sandbox", "sim", "stats"];

/// What only a system's experiments may import.
const EXPERIMENTS: [&str; 2] = ["harness", "targets"];

#[derive(Clone, Copy)]
struct Import<'a> {
    from: &'a str,
    from_is_system: bool,
    to: &'a str,
    kind: DependencyKind,
}

fn forbidden(import: Import<'_>) -> Option<String> {
    let Import { from, to, .. } = import;
    let Some(allowed) = allowed(import) else {
        return Some(format!("{from} is in no layer (hint: add it to LAYERS in {})", file!()));
    };
    (!allowed.contains(&to)).then(|| {
        let kind = if import.kind == DependencyKind::Development { " in its tests" } else { "" };
        let allowed = if allowed.is_empty() { "none of ours".into() } else { allowed.join(", ") };
        format!(
            "{from} imports {to}{kind} (hint: it may import {allowed}; move what both need down)"
        )
    })
}

/// Nothing, where the crate is in no layer.
fn allowed(import: Import<'_>) -> Option<Vec<&str>> {
    let in_tests = import.kind == DependencyKind::Development;
    if import.from == "workspace-tests" && in_tests {
        return Some(vec![import.to]);
    }
    if !import.from_is_system {
        let (_, allowed) = LAYERS.iter().find(|(name, _)| *name == import.from)?;
        return Some(allowed.to_vec());
    }
    let experiments = EXPERIMENTS.iter().filter(|_| in_tests);
    Some(SYSTEM.iter().chain(experiments).copied().collect())
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.cargo_path(cargo()).manifest_path(root().join("Cargo.toml")).no_deps();
    command.exec().unwrap()
}

fn imports(packages: &[Package]) -> Vec<Import<'_>> {
    let is_system =
        |package: &Package| package.manifest_path.starts_with(root().join("experiments"));
    let of = |package| {
        let package: &Package = package;
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        ours.map(move |dependency| Import {
            from: &package.name,
            from_is_system: is_system(package),
            to: &dependency.name,
            kind: dependency.kind,
        })
    };
    packages.iter().flat_map(of).collect()
}

#[test]
fn every_import_goes_down() {
    let metadata = metadata();
    hold(imports(&metadata.packages).into_iter().filter_map(forbidden));
}

#[test]
fn every_crate_is_in_a_layer() {
    let metadata = metadata();
    let own = metadata.packages.iter().filter(|package| {
        !package.manifest_path.starts_with(root().join("experiments"))
            && !LAYERS.iter().any(|(name, _)| *name == package.name.as_str())
    });
    hold(own.map(|package| format!("{} is in no layer (hint: add it to LAYERS)", package.name)));
}

#[test]
fn the_workspaces_imports_are_read() {
    let metadata = metadata();
    let imports = imports(&metadata.packages);
    let has = |from, to, kind| {
        imports.iter().any(|import| (import.from, import.to, import.kind) == (from, to, kind))
    };
    assert!(has("kv", "node", DependencyKind::Normal));
    assert!(has("harness", "stats", DependencyKind::Normal));
    assert!(has("faasm", "harness", DependencyKind::Development));
}

fn may(from: &str, to: &str, kind: DependencyKind) -> bool {
    let from_is_system = ["a-system", "another-system"].contains(&from);
    forbidden(Import { from, from_is_system, to, kind }).is_none()
}

#[test]
fn a_system_imports_the_harness_in_its_tests_only() {
    for to in EXPERIMENTS {
        assert!(may("a-system", to, DependencyKind::Development));
        assert!(!may("a-system", to, DependencyKind::Normal));
        assert!(!may("a-system", to, DependencyKind::Build));
    }
    for to in SYSTEM {
        assert!(may("a-system", to, DependencyKind::Normal));
    }
}

#[test]
fn a_system_never_imports_another() {
    assert!(!may("a-system", "another-system", DependencyKind::Normal));
    assert!(!may("a-system", "another-system", DependencyKind::Development));
}

#[test]
fn the_parts_of_the_harness_import_downwards() {
    for (from, to) in [("load", "stats"), ("kv", "node"), ("targets", "node"), ("harness", "kv")] {
        assert!(may(from, to, DependencyKind::Normal), "{from} → {to}");
        assert!(!may(to, from, DependencyKind::Normal), "{to} → {from}");
    }
    assert!(!may("gateway", "kv", DependencyKind::Development));
    assert!(!may("harness", "a-system", DependencyKind::Development));
}

#[test]
fn the_command_line_imports_none_of_ours() {
    assert!(LAYERS.iter().all(|(to, _)| !may("xtask", to, DependencyKind::Normal)));
}

#[test]
fn a_crate_of_no_layer_is_found() {
    assert!(!may("a-new-crate", "node", DependencyKind::Normal));
}

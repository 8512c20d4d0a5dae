//! What takes long to build stays out of what must be there soon.

use workspace_tests::{cargo, hold, root};
use xshell::{Shell, cmd};

/// The command line answers within seconds of a fresh checkout.
const TOO_HEAVY_FOR_XTASK: [&str; 8] =
    ["axum", "bollard", "candle", "hyper", "kube", "object_store", "tokio", "wasmtime"];

/// The local target needs no container, no cluster and no cloud.
const TOO_HEAVY_FOR_LOCAL: [&str; 6] =
    ["bollard", "candle", "kube", "object_store", "testcontainers", "tract"];

/// The crates of a tree, one name and version a line, that are of a heavy family.
fn too_heavy(package: &str, tree: &str, families: &[&str]) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let mut heavy: Vec<_> =
        names.filter(|name| families.iter().any(|family| is_of(name, family))).collect();
    heavy.sort_unstable();
    heavy.dedup();
    heavy
        .iter()
        .map(|name| {
            format!(
                "{package} pulls in {name} (hint: `cargo tree -p {package} -i {name}` says through \
                 what; build it on demand, or behind a feature)"
            )
        })
        .collect()
}

/// `hyper` and `hyper-util` are of the family `hyper`; `hyperfine` is not.
fn is_of(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// What a build of `package` compiles on this platform.
fn tree(package: &str, features: &str) -> String {
    let shell = Shell::new().unwrap();
    shell.change_dir(root());
    let cargo = cargo();
    let tree = cmd!(
        shell,
        "{cargo} tree --package {package} --features {features} --edges normal,build --prefix none"
    );
    tree.quiet().ignore_stderr().read().unwrap()
}

#[test]
fn the_command_line_pulls_in_nothing_heavy() {
    hold(too_heavy("xtask", &tree("xtask", ""), &TOO_HEAVY_FOR_XTASK));
}

#[test]
fn the_local_target_pulls_in_nothing_heavy() {
    hold(too_heavy("harness", &tree("harness", "local"), &TOO_HEAVY_FOR_LOCAL));
    hold(too_heavy("faasm", &tree("faasm", "local"), &TOO_HEAVY_FOR_LOCAL));
}

#[test]
fn a_tree_has_its_package_and_what_it_needs() {
    let tree = tree("harness", "local");
    assert!(tree.starts_with("harness v") && tree.lines().any(|line| line.starts_with("tokio v")));
}

#[test]
fn a_heavy_crate_is_found() {
    let tree = "xtask v0.1.0 (/a)\nclap v4.0.0\nhyper-util v0.1.0\nhyper-util v0.1.0 (*)\n";
    assert_eq!(too_heavy("xtask", tree, &TOO_HEAVY_FOR_XTASK).len(), 1);
    assert_eq!(too_heavy("xtask", "hyperfine v1.0.0\n", &["hyper"]), Vec::<String>::new());
}

//! One release of Rust: the one that the README names, and no other is fetched.

use workspace_tests::hold;

use crate::tree::{file, paths};

const RUST: &str = "1.95";

fn wrong_release(manifest: &str) -> Option<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let release = manifest["workspace"]["package"].get("rust-version")?.as_str()?;
    (release != RUST).then(|| {
        format!(
            "Cargo.toml: rust-version is {release} (hint: {RUST}, or change README and ci.yml too)"
        )
    })
}

fn fetches_a_toolchain(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let fetches = name == "rust-toolchain" || name == "rust-toolchain.toml";
    fetches.then(|| {
        format!(
            "{path}: makes rustup download a toolchain (hint: rust-version says what is needed)"
        )
    })
}

#[test]
fn the_release_is_the_one_of_the_readme() {
    hold(wrong_release(&file("Cargo.toml").text));
    for names_it in ["README.md", ".github/workflows/ci.yml"] {
        assert!(file(names_it).text.contains(RUST), "{names_it} does not say {RUST}");
    }
}

#[test]
fn another_release_is_found() {
    let manifest = "[workspace.package]\nrust-version = \"1.96\"\n";
    assert!(wrong_release(manifest).is_some());
}

#[test]
fn no_file_makes_rustup_download() {
    hold(paths().iter().filter_map(|path| fetches_a_toolchain(path)));
}

#[test]
fn a_toolchain_file_is_found() {
    assert!(fetches_a_toolchain("harness/kv/rust-toolchain.toml").is_some());
    assert!(fetches_a_toolchain("docs/rust-toolchain.md").is_none());
}

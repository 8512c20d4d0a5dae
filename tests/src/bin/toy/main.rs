//! The toy system: roles, driver and test runner in one binary.
//!
//! The tests of the life of a run ask it for trials that go wrong.

mod analysis;
mod behaviour;
mod daemon;
mod data;
mod deeds;
mod experiment;
mod foreign;
mod roles;
mod store;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = roles::play_if_asked() {
        return code;
    }
    harness::main(harness::System {
        name: "toy",
        binary: this_binary().leak(),
        package_dir: package_dir().leak(),
        paper: include_str!("../../../fixtures/paper.toml"),
        experiments: &[&experiment::Toy],
        data_sets: &[&data::Lines],
        foreign_runs: &[&foreign::Seconds],
    })
}

/// A real system knows this and the next when it is built.
fn this_binary() -> String {
    let path = std::env::current_exe().expect("/proc is mounted");
    path.display().to_string()
}

/// Each test of the toy has a package, and so snapshots, of its own.
fn package_dir() -> String {
    std::env::var("TOY_PACKAGE_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned())
}

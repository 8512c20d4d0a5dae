//! `cargo xtask` as it is typed, and its answer.

use workspace_tests::{cargo, root};
use xshell::{Shell, cmd};

/// What a command printed, and how it ended.
pub(crate) struct Answer {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn xtask(args: &[&str]) -> Answer {
    xtask_in(&[], args)
}

/// The same, with these environment variables.
pub(crate) fn xtask_in(environment: &[(&str, &str)], args: &[&str]) -> Answer {
    let shell = Shell::new().unwrap();
    shell.change_dir(root());
    environment.iter().for_each(|(name, value)| shell.set_var(name, value));
    let cargo = cargo();
    let mut command = cmd!(shell, "{cargo} xtask {args...}").quiet().ignore_status();
    // What Cargo says of this package to its tests is no part of a person's shell, and
    // would have some build scripts run again, and all that needs them built again.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command = command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    Answer {
        exit_code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

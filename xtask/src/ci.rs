//! `ci`: what CI runs, on this machine.

use std::process::ExitCode;

use xshell::{Shell, cmd};

use crate::{inventory, own_package::unsaid};

/// Runs `.ci/run`; exits 1 if one of its stages fails.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    shell.change_dir(inventory::root());
    if let Err(error) = unsaid(cmd!(shell, "bash .ci/run")).run() {
        eprintln!("error: CI failed: {error}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

//! `ci`: what CI runs, on this machine.

use std::process::ExitCode;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::inventory;

/// Runs `.ci/run`.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    shell.change_dir(inventory::root());
    cmd!(shell, "bash .ci/run").run().context("CI failed")?;
    Ok(ExitCode::SUCCESS)
}

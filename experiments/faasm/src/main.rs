//! Faasm's one binary: a subcommand per role.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use faasm::roles::Role;
use tokio::runtime::Runtime;

/// Faasm, re-implemented: its state tier, workers, native functions, gateway and clients.
#[derive(Debug, clap::Parser)]
#[command(name = "faasm", version)]
struct Args {
    #[command(subcommand)]
    role: Role,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faasm: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("start the runtime")?;
    let ended = runtime.block_on(args.role.run());
    // A native call cannot be stopped, and a role that was told to stop does not wait for it.
    runtime.shutdown_background();
    ended
}

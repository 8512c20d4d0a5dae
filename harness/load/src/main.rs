//! The generator by itself, for a person who has a server and no experiment.

use std::process::ExitCode;

use clap::Parser as _;

/// Sends a load over HTTP, and writes `load.json` and `latency.hlog`.
#[derive(Debug, clap::Parser)]
#[command(name = "load", version)]
struct Command {
    #[command(flatten)]
    args: load::role::Args,
}

fn main() -> ExitCode {
    match load::role::run(&Command::parse().args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

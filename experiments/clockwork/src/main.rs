//! Clockwork's one binary: a subcommand per role.

use std::process::ExitCode;

use clap::Parser as _;
use clockwork::roles::Role;

/// Clockwork, re-implemented: its controller, workers and clients, live or simulated.
#[derive(Debug, clap::Parser)]
#[command(name = "clockwork", version)]
struct Args {
    #[command(subcommand)]
    role: Role,
}

fn main() -> ExitCode {
    match Args::parse().role.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("clockwork: {error:#}");
            ExitCode::FAILURE
        }
    }
}

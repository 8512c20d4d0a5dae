//! The command line a person types: `cargo xtask COMMAND`.
//!
//! Light commands are modules here. What needs the harness is handed to a
//! binary that Cargo builds on demand, so that this one answers in seconds.

mod ci;
mod delegate;
mod features;
mod flags;
mod guests;
mod inventory;
mod own_package;

use std::process::ExitCode;

use clap::Parser as _;

use crate::flags::{Command, Xtask};

fn main() -> ExitCode {
    let xtask = Xtask::parse();
    let done = match &xtask.command {
        Command::List => inventory::list(),
        Command::Exp(passed) => delegate::to_system("exp", passed),
        Command::Plan(passed) => delegate::to_system("plan", passed),
        Command::Report(passed) => delegate::to_owner_of_run(passed),
        Command::Data(passed) => delegate::to_data_owner(passed),
        Command::Status(passed) => delegate::to_housekeeping("status", passed),
        Command::Gc(passed) => delegate::to_garbage_collector(passed),
        Command::Doctor(passed) => delegate::to_housekeeping("doctor", passed),
        Command::Guests(args) => guests::run(args.check),
        Command::Ci => ci::run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(delegate::exit_code_of(&error))
    })
}

//! `gc`, `doctor` and `status`: what needs no system.

mod doctor;
mod gc;
mod status;

use clap::{Parser, Subcommand};

use self::{doctor::DoctorArgs, gc::GcArgs};
use crate::fault::Outcome;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Housekeeping {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Remove what killed runs left behind
    Gc(GcArgs),
    /// Name the features that `gc` needs with these arguments
    #[command(hide = true, disable_help_flag = true)]
    GcFeatures(GcArgs),
    /// Say what this machine has for each target, what it lacks, and what mends it
    Doctor(DoctorArgs),
    /// Show the runs and how far they came
    Status,
}

/// Carries out the housekeeping command that was typed.
#[must_use]
pub fn main() -> Outcome {
    let housekeeping = match Housekeeping::try_parse() {
        Ok(housekeeping) => housekeeping,
        Err(error) => return super::say(&error),
    };
    let done = match &housekeeping.command {
        Command::Gc(args) => gc::collect(args),
        Command::GcFeatures(args) => gc::features(args),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Status => status::status(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Outcome::of(&error)
    })
}

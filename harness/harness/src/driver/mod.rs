//! The commands that `cargo xtask` delegates: those of one system, and the
//! housekeeping that needs no system.

mod args;
mod data;
mod exp;
mod foreign;
pub mod housekeeping;
mod length;
mod report;

pub(crate) use args::DRIVER_FLAG;
pub(crate) use exp::run_one;

use std::env::Args;

use clap::Parser as _;

use self::args::{Command, Driver};
use crate::{experiment::System, fault::Outcome};

/// Carries out what xtask asks of one system's binary.
pub(crate) fn main(system: System, args: Args) -> Outcome {
    let command_line: Vec<_> = args.collect();
    let typed = std::iter::once("cargo xtask".to_owned()).chain(command_line);
    let driver = match Driver::try_parse_from(typed) {
        Ok(driver) => driver,
        Err(error) => return say(&error),
    };
    let done = match &driver.command {
        Command::Exp(args) => exp::exp(system, args),
        Command::Plan(args) => exp::plan_only(system, args),
        Command::Report(args) => report::report(system, args),
        Command::Data(args) => data::data(system, args),
        Command::Knows(args) => Ok(foreign::knows(system, &args.dir)),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Outcome::of(&error)
    })
}

/// Help was asked for, or what was typed makes no sense.
fn say(error: &clap::Error) -> Outcome {
    match error.print() {
        Ok(()) if error.exit_code() == 0 => Outcome::AsExpected,
        _ => Outcome::Usage,
    }
}

//! `doctor`: what this machine has for each target, and what it lacks.

use clap::Args;
use targets::doctor::{Checkup, checkups};

use crate::{
    backends,
    driver::exp::print,
    fault::{Fault, Outcome, hint},
    run_dir::Machine,
};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Only these targets
    targets: Vec<String>,
}

/// Prints the checkups; the exit code is 3 if a target that was looked at
/// cannot run here.
pub(super) fn doctor(args: &DoctorArgs) -> anyhow::Result<Outcome> {
    let known = backends::NAMES;
    if let Some(unknown) = args.targets.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Fault::usage(format!("no target `{unknown}`\n{}", hint(unknown, known))));
    }
    let mut checkups = tokio::runtime::Runtime::new()?.block_on(checkups());
    checkups.retain(|checkup| {
        args.targets.is_empty() || args.targets.iter().any(|name| name == checkup.target)
    });
    print(&text(&Machine::here(), &checkups));
    let is_ready = checkups.iter().all(Checkup::is_ready);
    Ok(if is_ready { Outcome::AsExpected } else { Outcome::Unavailable })
}

fn text(machine: &Machine, checkups: &[Checkup]) -> String {
    let mut text = format!(
        "{}, {} cores, {:.1} GiB, Linux {}\n",
        machine.cpu,
        machine.cores,
        machine.memory_bytes as f64 / f64::from(1 << 30),
        machine.kernel
    );
    for checkup in checkups {
        text += &checkup.to_string();
    }
    text
}

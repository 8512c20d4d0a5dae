//! What may happen to a run on any target: its driver is killed, its daemon
//! goes away, its environment makes no sense. Trials are named `what::target`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed trial, as in any test")]

mod bystanders;
#[cfg(feature = "docker")]
mod daemon_settings;
#[cfg(feature = "docker")]
mod environments;
#[cfg(feature = "docker")]
mod failing;
mod kills;
mod place;
#[cfg(feature = "docker")]
mod restarts;
#[cfg(feature = "docker")]
mod second_daemon;
#[expect(dead_code, unused_imports, reason = "it serves another suite too")]
#[path = "../lifecycle/support/mod.rs"]
mod support;

use std::process::ExitCode;

use workspace_tests::{TARGETS, Trials};

fn main() -> ExitCode {
    let mut trials = Trials::from_args().one_at_a_time();
    for target in TARGETS {
        kills::add(target, &mut trials);
    }
    #[cfg(feature = "docker")]
    {
        daemon_settings::add(&mut trials);
        environments::add(&mut trials);
        restarts::add(&mut trials);
    }
    trials.run()
}

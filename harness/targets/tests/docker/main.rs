//! The Docker target, tried with a toy system against the daemon of this
//! machine. Without one, every test is ignored and says why.

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod guests;
mod image;
mod peer;
mod starts;
mod support;
mod toy;
mod usage;
mod workshop;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    targets::helper::run_if_asked();
    if let Some(code) = toy::run_if_asked() {
        return code;
    }
    let modules: [Vec<Trial>; 5] =
        [faults::tests(), guests::tests(), image::tests(), starts::tests(), usage::tests()];
    let trials = support::ignored_without_daemon(modules.into_iter().flatten().collect());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

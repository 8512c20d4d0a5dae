//! The local target, its cleanup and its audit, tried with a toy system.

mod audit;
#[path = "../common/mod.rs"]
mod common;
mod crash;
mod faults;
mod gc;
mod ledger;
mod roles;
mod support;
mod toy;
mod usage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    targets::helper::run_if_asked();
    if let Some(code) = toy::run_if_asked() {
        return code;
    }
    targets::local::become_subreaper().expect("Linux 3.4 and newer allow it");
    let modules: [Vec<Trial>; 7] = [
        roles::tests(),
        usage::tests(),
        audit::tests(),
        ledger::tests(),
        gc::tests(),
        crash::tests(),
        faults::tests(),
    ];
    libtest_mimic::run(&Arguments::from_args(), modules.into_iter().flatten().collect()).exit_code()
}

//! Housekeeping that needs the targets but no system: `gc`, `doctor`, `status`.

use std::process::ExitCode;

fn main() -> ExitCode {
    targets::reaper::run_if_asked();
    harness::housekeeping::main().into()
}

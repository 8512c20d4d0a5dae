//! Housekeeping that needs the targets but no system: `gc`, `doctor`, `status`.

use std::process::ExitCode;

fn main() -> ExitCode {
    targets::helper::run_if_asked();
    harness::housekeeping::main().into()
}

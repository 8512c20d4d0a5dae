//! Clockwork's experiments, as tests and behind `cargo xtask`.

mod clockwork_azure;
mod clockwork_bursty;
mod clockwork_comparison;
mod clockwork_executed;
mod clockwork_scalability;
mod clockwork_slo;
mod support;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(harness::System {
        name: "clockwork",
        binary: env!("CARGO_BIN_EXE_clockwork"),
        package_dir: env!("CARGO_MANIFEST_DIR"),
        paper: include_str!("../../../../fixtures/papers/clockwork.toml"),
        experiments: &[
            &clockwork_comparison::ClockworkComparison,
            &clockwork_bursty::ClockworkBursty,
            &clockwork_slo::ClockworkSlo,
            &clockwork_azure::ClockworkAzure,
            &clockwork_executed::ClockworkExecuted,
            &clockwork_scalability::ClockworkScalability,
        ],
        data_sets: &[&support::trace::AzureTrace],
        foreign_runs: &[&support::foreign::Telemetry],
    })
}

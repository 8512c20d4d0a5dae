//! Faasm's experiments, as tests and behind `cargo xtask`.

mod sgd;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(harness::System {
        name: "faasm",
        binary: env!("CARGO_BIN_EXE_faasm"),
        package_dir: env!("CARGO_MANIFEST_DIR"),
        paper: include_str!("../../../../fixtures/papers/faasm.toml"),
        experiments: &[&sgd::Sgd],
        data_sets: &[&sgd::Rcv1],
    })
}

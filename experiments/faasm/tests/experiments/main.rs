//! Faasm's experiments, as tests and behind `cargo xtask`.

mod matrices;
mod overheads;
mod sgd;
mod support;
mod tf_lat;
mod tf_tpt;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(harness::System {
        name: "faasm",
        binary: env!("CARGO_BIN_EXE_faasm"),
        package_dir: env!("CARGO_MANIFEST_DIR"),
        paper: include_str!("../../../../fixtures/papers/faasm.toml"),
        experiments: &[
            &sgd::Sgd,
            &tf_tpt::TF_TPT,
            &tf_lat::TF_LAT,
            &matrices::Matrices,
            &overheads::Overheads,
        ],
        data_sets: &[&sgd::Rcv1, &matrices::Blocks, &support::inference::MobileNet],
        foreign_runs: &[],
    })
}

//! The role `simulate`, as the binary that experiments start.

use std::{
    path::Path,
    process::{Command, Output},
};

use clockwork::{
    roles::Observed,
    telemetry::{Aggregate, Window, log::collected},
    time::SECOND,
};

/// Two models, 400 requests a second, one GPU, six seconds.
const FLAGS: [&str; 9] = [
    "simulate",
    "--workers=1",
    "--lead-in-s=1",
    "--duration-s=5",
    "--bucket-s=1",
    "--seed=7",
    "poisson-open-loop",
    "2",
    "400",
];

#[expect(clippy::disallowed_methods, reason = "a test of the binary, not of a run")]
fn clockwork(args: &[&str], out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockwork"));
    command.args(args).arg("--out").arg(out).env_remove("AZURE_TRACE_DIR");
    command.output().expect("the binary was just built")
}

fn simulated(dir: &Path) -> Observed {
    let text = std::fs::read(dir.join("observed.json")).expect("the role has written it");
    serde_json::from_slice(&text).expect("the role has written it whole")
}

#[test]
fn rows_give_the_figures_that_are_aggregated_while_they_come() {
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    let output = clockwork(&[&FLAGS[..], &["--rows"]].concat(), dir.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let simulated = simulated(dir.path());
    let logs = collected(dir.path());
    assert_eq!(logs.len(), 1);
    let window = Window { start: 0, lead_in: SECOND, duration: Some(5 * SECOND), bucket: SECOND };
    let mut read = Aggregate::new(window);
    logs[0].aggregate(&mut read).expect("both logs are whole");
    assert_eq!(*read.totals(), simulated.totals);
    assert!(read.series() == simulated.series, "the series differ");
    assert!(read.tails() == simulated.tails, "the tails differ");
    let n_expected = 400.0 * simulated.measured_s;
    // Poisson: within five standard deviations.
    let off = (simulated.totals.requests as f64 - n_expected).abs();
    assert!(off < 5.0 * n_expected.sqrt(), "{} requests", simulated.totals.requests);
}

#[test]
fn without_rows_only_the_aggregate_is_kept() {
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    assert!(clockwork(&FLAGS, dir.path()).status.success());
    let files = std::fs::read_dir(dir.path()).expect("it was just written");
    assert_eq!(files.count(), 1);
}

#[test]
fn the_originals_mistakes_reach_the_scheduler() {
    // One GPU is enough, but the original loads everywhere. Batches are as large as
    // documented in both.
    let run = ["simulate", "--workers=2", "--duration-s=1", "--max-exec=25000000"];
    let load = [&run[..], &["poisson-open-loop", "2", "400"]].concat();
    let n_actions = |flags: &[&str]| {
        let dir = tempfile::tempdir().expect("there is a directory for temporary files");
        assert!(clockwork(&[&load[..], flags].concat(), dir.path()).status.success());
        simulated(dir.path()).outcome.n_actions
    };
    let documented = n_actions(&[]);
    assert_eq!(n_actions(&[]), documented);
    assert_ne!(n_actions(&["--original-defaults"]), documented);
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    let says = |args: &[&str]| {
        let output = clockwork(args, dir.path());
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("an error is text")
    };
    let with = |words: &[&'static str]| says(&[&FLAGS[..6], words].concat());
    insta::assert_snapshot!(with(&["poison", "2"]), @r"
    clockwork: no workload is called `poison`
    (hint: expected one of example, fill_memory, spam, single-spam, simple, simple-slo-factor, simple-parametric, poisson-open-loop, scalability-exp-1, slo-exp-1, slo-exp-2, comparison_experiment, comparison_experiment2, azure, azure_scalability_exp, azure_half, azure_small, azure_single, azure_fast, bursty_experiment)
    ");
    insta::assert_snapshot!(with(&["azure", "8"]), @"
    clockwork: workload `azure`: there is no trace
    (hint: --trace-dir DIR)
    ");
    insta::assert_snapshot!(with(&["poisson-open-loop", "2"]), @"
    clockwork: workload `poisson-open-loop`: `rate` is missing
    (hint: poisson-open-loop <num_models> <rate>)
    ");
    insta::assert_snapshot!(with(&["--pages-per-gpu=3", "poisson-open-loop", "2", "400"]), @"
    clockwork: model 0 has 7 pages of weights, but a GPU holds 3
    ");
    let none = ["simulate", "--workers=0", "--duration-s=5", "--seed=7"];
    let no_gpu = says(&[&none[..], &["poisson-open-loop", "2", "400"]].concat());
    insta::assert_snapshot!(no_gpu, @"clockwork: the cluster has no GPU");
}

//! The accepted results: a difference is shown, accepted, and then agrees.

use std::{fs, path::PathBuf};

use crate::support::{STEADY, Site};

/// The snapshot of the toy's own profile.
fn accepted(site: &Site) -> PathBuf {
    site.path("package/tests/experiments/snapshots/toy@steady-local.snap")
}

fn pending(site: &Site) -> PathBuf {
    accepted(site).with_extension("snap.new")
}

/// What `cargo insta accept` does.
fn accept(site: &Site) {
    fs::rename(pending(site), accepted(site)).unwrap();
}

/// The toy's profile, with its red toy's work multiplied.
fn profile(site: &Site, slowdown: f64) -> String {
    let slower = STEADY.replace("slowdown = 1.0", &format!("slowdown = {slowdown:?}"));
    site.write("steady.toml", &slower)
}

#[test]
fn a_first_run_waits_for_review_and_agrees_once_accepted() {
    let site = Site::new();
    site.exp(&[]).expect_code(1);
    accept(&site);
    site.exp(&[]).expect_code(0);
    assert!(!pending(&site).exists());
}

#[test]
fn a_changed_result_waits_for_review_and_agrees_once_accepted() {
    let site = Site::new();
    let run = |slowdown| {
        let profile = profile(&site, slowdown);
        site.driver(&["exp", "toy", "--profile", &profile])
    };
    run(1.0).expect_code(1);
    accept(&site);
    let answer = run(1.5).expect_code(1);
    assert!(answer.stderr.contains("cargo insta review"), "{}", answer.stderr);
    let new = fs::read_to_string(pending(&site)).unwrap();
    assert!(new.contains("claim less-work refuted"), "{new}");
    accept(&site);
    // The claim is refuted still, and that alone is exit code 1.
    run(1.5).expect_code(1);
    assert!(!pending(&site).exists());
}

#[test]
fn with_insta_update_no_a_difference_fails_and_writes_nothing() {
    let site = Site::new();
    let toy = env!("CARGO_BIN_EXE_toy");
    let profile = profile(&site, 1.0);
    let args = ["INSTA_UPDATE=no", toy, "--driver", "exp", "toy", "--profile", &profile];
    site.start("env", args).wait().expect_code(1);
    assert!(!pending(&site).exists() && !accepted(&site).exists());
}

#[test]
fn a_run_with_an_override_has_no_snapshot() {
    let site = Site::new();
    site.exp(&["--set", "slowdown=1.1"]).expect_code(0);
    assert!(!pending(&site).exists());
}

#[test]
fn a_difference_does_not_look_like_a_crash() {
    let site = Site::new();
    let answer = site.exp(&[]).expect_code(1);
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
}

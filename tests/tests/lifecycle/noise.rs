//! Noise is no news; a slowdown is.

use std::fs;

use crate::support::{STEADY, Site};

const N_RERUNS: u64 = 30;

/// The toy's profile of five trials with another seed, and with the red toy's
/// work multiplied.
fn profile(site: &Site, seed: u64, slowdown: f64) -> String {
    let changed = STEADY
        .replace("seed = 7", &format!("seed = {seed}"))
        .replace("trials = 3", "trials = 5")
        .replace("slowdown = 1.0", &format!("slowdown = {slowdown:?}"));
    site.write("steady.toml", &changed)
}

#[test]
fn thirty_unchanged_reruns_make_no_diff_and_a_slowdown_of_a_fifth_does() {
    let site = Site::new();
    let snapshots = site.path("package/tests/experiments/snapshots");
    let pending = snapshots.join("toy@steady-local.snap.new");
    let run = |seed, slowdown| {
        let profile = profile(&site, seed, slowdown);
        site.driver(&["exp", "toy", "--profile", &profile])
    };
    run(0, 1.0).expect_code(1);
    fs::rename(&pending, snapshots.join("toy@steady-local.snap")).unwrap();
    for seed in 1..=N_RERUNS {
        run(seed, 1.0).expect_code(0);
        assert!(!pending.exists(), "with seed {seed}");
    }
    run(N_RERUNS + 1, 1.2).expect_code(1);
    assert!(pending.exists());
}

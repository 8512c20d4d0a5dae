//! The toy as `cargo test` and nextest see it: a libtest-compatible binary.

use crate::support::{Answer, Site};

fn toy(args: &[&str]) -> Answer {
    Site::new().start(env!("CARGO_BIN_EXE_toy"), args).wait()
}

#[cfg(not(feature = "local"))]
mod without_a_target {
    use super::toy;

    #[test]
    fn the_trial_is_listed_as_ignored() {
        let listed = |args: &[&str]| toy(&[&["--list", "--format", "terse"], args].concat()).stdout;
        assert_eq!(listed(&["--ignored", "local"]), "toy::local: test\n");
    }

    #[test]
    fn the_reason_and_the_command_to_type_are_shown() {
        let answer = toy(&["local"]).expect_code(0);
        let trial = answer.stdout.lines().find(|line| line.starts_with("test ")).unwrap();
        insta::assert_snapshot!(trial, @"test toy::local ... ignored (needs the feature `local` (hint: cargo test -p toy --features local))");
    }

    #[test]
    fn an_ignored_trial_that_is_forced_fails_with_the_reason() {
        let answer = toy(&["--ignored", "local"]).expect_code(101);
        assert!(answer.stdout.contains("--features local"), "{}", answer.stdout);
    }
}

#[cfg(feature = "local")]
mod with_a_target {
    use std::fs;

    use super::toy;
    use crate::support::{Driver, Site, steady};

    #[track_caller]
    fn check_listed(args: &[&str], expected: &str) {
        let answer = toy(&[&["--list", "--format", "terse"], args].concat()).expect_code(0);
        assert_eq!(answer.stdout, expected);
    }

    #[test]
    fn trials_are_listed_by_experiment_and_target() {
        check_listed(&[], "toy::local: test\ntoy::docker: test\n");
    }

    #[test]
    fn a_filter_selects_by_a_part_of_the_name() {
        check_listed(&["loc"], "toy::local: test\n");
        check_listed(&["moon"], "");
    }

    #[test]
    fn an_exact_filter_selects_by_the_whole_name() {
        check_listed(&["--exact", "toy::local"], "toy::local: test\n");
        check_listed(&["--exact", "toy"], "");
    }

    #[test]
    fn nothing_that_can_run_is_listed_as_ignored() {
        check_listed(&["--ignored", "local"], "");
    }

    fn start_test(site: &Site) -> Driver {
        let variable = format!("REPRISE_PROFILE={}", steady());
        site.start("env", [&variable, env!("CARGO_BIN_EXE_toy"), "--exact", "toy::local"])
    }

    #[test]
    fn a_trial_fails_while_its_results_are_not_accepted_and_passes_after() {
        let site = Site::new();
        let answer = start_test(&site).wait().expect_code(101);
        assert!(answer.stdout.contains("report.md"), "{}", answer.stdout);
        let snapshot = site.path("package/tests/experiments/snapshots/toy@steady-local.snap");
        fs::rename(snapshot.with_extension("snap.new"), snapshot).unwrap();
        start_test(&site).wait().expect_code(0);
    }

    #[test]
    fn a_profile_that_cannot_be_read_fails_the_trial_with_the_place() {
        let site = Site::new();
        let profile = site.write("broken.toml", "env = \"local\"\ntrails = 3\n");
        let variable = format!("REPRISE_PROFILE={profile}");
        let answer = site.start("env", [variable.as_str(), env!("CARGO_BIN_EXE_toy")]).wait();
        let answer = answer.expect_code(101);
        assert!(answer.stdout.contains("line 2, column 1"), "{}", answer.stdout);
    }
}

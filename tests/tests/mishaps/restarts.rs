//! A daemon that goes away in the middle of a run, and comes back or not.

use workspace_tests::Trials;

use crate::{
    failing,
    second_daemon::{self, SecondDaemon},
    support::{Driver, Run, Site, WITHOUT_SNAPSHOT, eventually, steady},
};

/// Adds the trials.
pub(crate) fn add(trials: &mut Trials) {
    let cases: [(&str, fn()); 2] = [
        ("a_daemon_that_restarts_ends_the_run_at_worst_which_can_be_continued::docker", restarts),
        ("a_daemon_that_dies_ends_the_run_which_can_be_continued::docker", dies),
    ];
    for (name, case) in cases {
        match second_daemon::lacking() {
            Some(reason) => trials.add_impossible(name.into(), reason),
            None => trials.add_panicking(name.into(), case),
        }
    }
}

const ONE_TRIAL: [&str; 2] = ["--trials", "1"];

/// Whether the second trial of a run has begun and runs something.
fn is_in_second_trial(run: &Run) -> bool {
    let n_begun = run.read("ledger.jsonl").matches("\"kind\":\"container\"").count();
    !run.attempts().is_empty() && n_begun > 4
}

/// A run on the daemon, up to the middle of its second trial.
fn begin(site: &Site, daemon: &SecondDaemon) -> (Driver, Run) {
    let env = site.write("second.toml", &daemon.environment());
    let exp = ["exp", "toy", "--profile", &steady(), "--env", &env];
    let driver = daemon.start_driver(site, &[&exp, &WITHOUT_SNAPSHOT[..], &ONE_TRIAL].concat());
    eventually("the run", || site.runs().iter().any(|run| run.path("ledger.jsonl").exists()));
    let run = site.run();
    eventually("the second trial", || is_in_second_trial(&run));
    (driver, run)
}

fn resume(site: &Site, daemon: &SecondDaemon, run: &Run) {
    let root = run.root().display().to_string();
    daemon.start_driver(site, &["exp", "--resume", &root]).wait().expect_code(0);
}

fn restarts() {
    let mut daemon = SecondDaemon::start();
    let site = Site::new();
    let (driver, run) = begin(&site, &daemon);
    daemon.kill();
    daemon.start_again();
    let code = driver.wait().code();
    // It may be back before anybody has asked it.
    assert!([0, 3].contains(&code), "{code}");
    if code != 0 {
        resume(&site, &daemon, &run);
    }
    site.expect_all_results(&run, &ONE_TRIAL);
    site.expect_nothing_left(&run);
}

/// An error without what depends on which request the death has met.
fn what_matters(error: &str) -> String {
    const RESUMED: &str = "can be resumed: ";
    const SILENT: &str = "the Docker daemon does not answer: ";
    let (before, rest) = error.split_once(RESUMED).unwrap_or((error, ""));
    let (_, cause) = rest.split_once(SILENT).unwrap_or((rest, rest));
    let hint = cause.split_once('\n').map_or("", |(_, hint)| hint);
    format!("{before}{RESUMED}[what]: {SILENT}[cause]\n{hint}")
}

fn dies() {
    let mut daemon = SecondDaemon::start();
    let site = Site::new();
    let (driver, run) = begin(&site, &daemon);
    daemon.kill();
    let answer = driver.wait().expect_code(3);
    insta::assert_snapshot!(what_matters(&failing::error(&site, &answer)), @"
    [site]/results/toy/[run] is cut off, and can be resumed: [what]: the Docker daemon does not answer: [cause]
    (hint: start it, then continue with --resume RUN, or clean up with `cargo xtask gc`)
    ");
    assert!(!run.has_ended() && site.has_registered());
    daemon.start_again();
    resume(&site, &daemon, &run);
    site.expect_all_results(&run, &ONE_TRIAL);
    site.expect_nothing_left(&run);
}

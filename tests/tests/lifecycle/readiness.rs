//! Roles that do not get ready: the trial fails with the role's last words.

use std::net::TcpListener;

use crate::support::{STEADY, Site, WITHOUT_SNAPSHOT};

/// The message of the first failed trial; all others have failed alike, and
/// nothing is left of them.
#[track_caller]
fn failure(site: &Site, args: &[&str]) -> String {
    site.exp(&[&["--trials", "1"], args].concat()).expect_code(4);
    let run = site.run();
    site.expect_nothing_left(&run);
    let attempts = run.attempts_at("red");
    assert_eq!(attempts.len(), 2, "the profile allows one retry");
    let address = |text: &str| match text.split_once("127.0.0.1:") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}[address]{rest}")
        }
        None => text.to_owned(),
    };
    site.redact(&address(attempts[0].failure()))
}

#[test]
fn a_role_that_never_gets_ready_fails_its_trial() {
    let site = Site::new();
    insta::assert_snapshot!(failure(&site, &["--set", "behaviour=never-ready"]), @"
    gave up waiting for serve-0 to answer /readyz on [address] after 300ms; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/serve-0.log):
    still unpacking
    ");
}

#[test]
fn a_role_that_exits_before_it_is_ready_fails_its_trial_at_once() {
    let site = Site::new();
    insta::assert_snapshot!(failure(&site, &["--set", "behaviour=exits-before-ready"]), @"
    serve-0 exited with code 1 before it was ready; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/serve-0.log):
    the toy box is empty
    ");
}

#[test]
fn a_role_whose_port_is_in_use_fails_its_trial() {
    let site = Site::new();
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = occupied.local_addr().unwrap();
    let behaviour = format!("behaviour={{listens-on=\"{address}\"}}");
    insta::assert_snapshot!(failure(&site, &["--set", &behaviour]), @"
    serve-0 exited with code 1 before it was ready; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/serve-0.log):
    listen on [address]: Address already in use (os error 98)
    ");
}

#[test]
fn a_role_whose_program_is_missing_fails_its_trial() {
    let site = Site::new();
    let env = "target = \"local\"\n[roles.serve]\ncommand = [\"no-such-server\"]\n";
    let env = site.write("missing.toml", env);
    insta::assert_snapshot!(failure(&site, &["--env", &env]), @"start serve-0: start `no-such-server` (hint: is it installed, and on PATH?): No such file or directory (os error 2)");
}

#[test]
fn a_job_that_fails_fails_its_trial() {
    let site = Site::new();
    insta::assert_snapshot!(failure(&site, &["--set", "behaviour=job-fails"]), @"
    job-0 exited with code 1; its last lines ([site]/results/toy/[run]/trials/toy=red/1/attempt-1/job-0.log):
    the toy is broken
    ");
}

#[test]
fn the_other_trials_of_a_failing_run_have_their_results() {
    let site = Site::new();
    site.exp(&["--set", "behaviour=exits-before-ready"]).expect_code(4);
    let run = site.run();
    assert_eq!(run.attempts_at("blue").iter().filter(|it| it.has_result()).count(), 3);
    let log = run.read("run.log");
    assert!(log.lines().last().unwrap().starts_with("Exiting: "), "{log}");
}

#[test]
fn the_failure_of_a_trial_outranks_a_differing_snapshot() {
    let site = Site::new();
    let profile = STEADY.replace("\"plain\"", "\"job-fails\"");
    let profile = site.write("failing.toml", &profile);
    site.driver(&["exp", "toy", "--profile", &profile]).expect_code(4);
}

#[test]
fn a_role_of_the_users_own_takes_the_place_of_ours() {
    let site = Site::new();
    let toy = env!("CARGO_BIN_EXE_toy");
    let own = format!(
        "target = \"local\"\n[roles.serve]\n\
         command = [\"{toy}\", \"serve\", \"--listen\", \"{{addr:http}}\", \"--behaviour\", '\"plain\"']\n"
    );
    let env = site.write("own.toml", &own);
    site.exp(&[&["--env", &env], WITHOUT_SNAPSHOT.as_slice()].concat()).expect_code(0);
}

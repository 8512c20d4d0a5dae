//! Looking at this machine, and cleaning it.

use crate::xtask::{Answer, xtask, xtask_in};

const NO_DAEMON: [(&str, &str); 1] = [("DOCKER_HOST", "unix:///no/such/docker.sock")];

#[test]
fn doctor_looks_at_every_target_and_says_what_mends_one() {
    let Answer { exit_code, stdout, .. } = xtask_in(&NO_DAEMON, &["doctor"]);
    assert_eq!(exit_code, 3, "{stdout}");
    assert!(stdout.contains("\nlocal: ready\n"), "{stdout}");
    assert!(stdout.contains("\ndocker: cannot run here\n"), "{stdout}");
    assert!(stdout.contains("mend it with: apt-get install --yes docker.io"), "{stdout}");
}

#[test]
fn doctor_judges_only_the_targets_that_are_named() {
    let Answer { exit_code, stdout, .. } = xtask_in(&NO_DAEMON, &["doctor", "local"]);
    assert_eq!(exit_code, 0, "{stdout}");
    assert!(!stdout.contains("docker"), "{stdout}");
    let Answer { exit_code, stderr, .. } = xtask(&["doctor", "dokcer"]);
    assert_eq!(exit_code, 2);
    assert!(stderr.contains("did you mean `docker`?"), "{stderr}");
}

#[test]
fn gc_needs_no_features_from_the_user() {
    let state = tempfile::tempdir().unwrap();
    let environment = [("REPRISE_STATE_DIR", state.path().to_str().unwrap())];
    let Answer { exit_code, stdout, .. } = xtask_in(&environment, &["gc"]);
    assert_eq!((exit_code, stdout.trim()), (0, "no run has left anything"));
    let Answer { exit_code, stderr, .. } = xtask_in(&environment, &["gc", "--imagse"]);
    assert_eq!(exit_code, 2);
    assert!(stderr.contains("--images"), "{stderr}");
}

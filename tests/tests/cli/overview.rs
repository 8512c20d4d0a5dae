//! What needs no system: help, the listing, the guests, and what is misspelt.

use crate::xtask::{Answer, xtask};

#[test]
fn help_names_every_command() {
    let Answer { exit_code, stdout, .. } = xtask(&["--help"]);
    assert_eq!(exit_code, 0);
    let commands =
        ["list", "exp", "plan", "report", "data", "status", "gc", "doctor", "guests", "ci"];
    for command in commands {
        assert!(
            stdout.lines().any(|line| line.split_whitespace().next() == Some(command)),
            "{stdout}"
        );
    }
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let Answer { exit_code, stderr, .. } = xtask(&["lisst"]);
    assert_eq!(exit_code, 2);
    assert!(stderr.contains("list"), "{stderr}");
}

#[test]
fn an_unknown_experiment_is_a_usage_error_with_the_near_match() {
    let Answer { exit_code, stderr, .. } = xtask(&["exp", "sgdd"]);
    assert_eq!(exit_code, 2);
    assert!(stderr.contains("did you mean `sgd`?"), "{stderr}");
}

#[test]
fn list_has_every_experiment_with_its_system() {
    let Answer { exit_code, stdout, .. } = xtask(&["list"]);
    assert_eq!(exit_code, 0);
    let first_words = |line: &str| -> Vec<String> {
        line.split_whitespace().take(2).map(str::to_owned).collect()
    };
    assert!(stdout.lines().any(|line| first_words(line) == ["sgd", "faasm"]), "{stdout}");
}

#[test]
fn the_committed_guests_are_not_stale() {
    let Answer { exit_code, stderr, .. } = xtask(&["guests", "--check"]);
    assert_eq!(exit_code, 0, "{stderr}");
}

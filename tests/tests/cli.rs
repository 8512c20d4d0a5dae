//! The command line as a person meets it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use workspace_tests::{cargo, root};
use xshell::{Shell, cmd};

/// What a command printed, and how it ended.
struct Answer {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

fn xtask(args: &[&str]) -> Answer {
    xtask_in(&[], args)
}

/// The same, with these environment variables.
fn xtask_in(environment: &[(&str, &str)], args: &[&str]) -> Answer {
    let shell = Shell::new().unwrap();
    shell.change_dir(root());
    environment.iter().for_each(|(name, value)| shell.set_var(name, value));
    let cargo = cargo();
    let output = cmd!(shell, "{cargo} xtask {args...}").quiet().ignore_status().output().unwrap();
    Answer {
        exit_code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

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

//! A leak that no ledger knows is found, named and removed.

use std::{fs, path::Path};

use crate::support::{Run, Site};

/// What the first attempt at a red trial is said to have left, in words.
fn left_behind(run: &Run) -> String {
    let attempts = run.attempts_at("red");
    let reasons = attempts[0].reasons().iter();
    reasons.filter_map(|it| it["leak"]["what"].as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_daemon_with_a_blank_environment_in_a_session_of_its_own_is_found_and_killed() {
    let site = Site::new();
    let pid_file = site.path("daemon.pid");
    let behaviour = format!("behaviour={{leaves-daemon=\"{}\"}}", pid_file.display());
    site.exp(&["--trials", "1", "--set", "retries=0", "--set", &behaviour]).expect_code(4);
    let run = site.run();
    let pid = fs::read_to_string(pid_file).unwrap().trim().to_owned();
    let left = left_behind(&run);
    assert!(left.contains(&format!("process `{pid}`")), "{left}");
    assert!(left.contains("toy daemon"), "{left}");
    assert!(!Path::new("/proc").join(&pid).exists());
    site.expect_nothing_left(&run);
}

#[test]
fn a_file_in_shared_memory_is_found_and_removed() {
    let site = Site::alone();
    // The test's own id makes the name unique on this machine.
    let path = format!("/dev/shm/toy-{}", std::process::id());
    let behaviour = format!("behaviour={{leaves-file=\"{path}\"}}");
    site.exp(&["--trials", "1", "--set", "retries=0", "--set", &behaviour]).expect_code(4);
    let left = left_behind(&site.run());
    assert!(left.contains(&format!("shm-file `{path}`")), "{left}");
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_leak_does_not_spoil_the_trials_after_it() {
    let site = Site::new();
    let behaviour = format!("behaviour={{leaves-daemon=\"{}\"}}", site.path("pid").display());
    site.exp(&["--set", &behaviour]).expect_code(4);
    let blue = site.run().attempts_at("blue");
    assert_eq!(blue.len(), 3);
    assert!(blue.iter().all(|it| it.json["leaks"] == serde_json::json!([])));
}

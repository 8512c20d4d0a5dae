//! Each reason against a trial that can be made to happen, and what follows.

use serde_json::{Value, json};

use crate::support::{Run, Site};

fn run(site: &Site, behaviour: &str, code: i32) -> Run {
    site.exp(&["--set", &format!("behaviour={behaviour}")]).expect_code(code);
    site.run()
}

/// The reasons of the first attempt at a red trial, without those that any
/// busy machine adds.
fn reasons(run: &Run) -> Vec<Value> {
    let attempts = run.attempts_at("red");
    let reasons = attempts[0].reasons().iter();
    let of_the_machine = ["cpu-steal", "clock-step"];
    reasons.filter(|it| of_the_machine.iter().all(|kind| it[kind].is_null())).cloned().collect()
}

#[test]
fn a_worker_that_dies_is_named() {
    let site = Site::new();
    let run = run(&site, "worker-dies", 4);
    let death = json!({"instance": "serve-0", "how": "killed by signal 9"});
    assert_eq!(reasons(&run), [json!({"instance-died": death})]);
    site.expect_nothing_left(&run);
}

#[test]
fn what_the_workload_reports_is_named() {
    let site = Site::new();
    let run = run(&site, "sees-errors", 4);
    assert_eq!(reasons(&run), [json!({"workload": {"what": "3 requests failed"}})]);
}

#[test]
fn an_invalid_trial_is_repeated_as_often_as_allowed_and_all_attempts_are_kept() {
    let site = Site::new();
    site.exp(&["--set", "retries=2", "--set", "behaviour=worker-dies"]).expect_code(4);
    let run = site.run();
    let attempts = run.attempts_at("red");
    assert_eq!(attempts.len(), 3 * 3);
    assert!(attempts.iter().all(|it| it.dir.join("serve-0.log").exists()));
    assert_eq!(run.attempts_at("blue").len(), 3);
}

#[test]
fn an_invalid_trial_enters_no_summary() {
    let site = Site::new();
    let run = run(&site, "worker-dies", 4);
    let analysis = &run.json("summary.json")["analysis"];
    assert_eq!(analysis["table"]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(analysis["measures"], json!({}));
}

#[test]
fn a_repetition_that_succeeds_makes_the_trial_count() {
    let site = Site::new();
    let marker = site.path("died-once").display().to_string();
    let run = run(&site, &format!("{{worker-dies-once=\"{marker}\"}}"), 0);
    // Only the first of three trials needed a second attempt.
    assert_eq!(run.attempts_at("red").len(), 4);
    let claims = &run.json("claims.json")["claims"];
    assert_eq!(claims[0]["verdict"], "reproduced");
}

#[test]
fn what_appears_beside_a_trial_and_may_be_anybodys_is_told_and_left() {
    let site = Site::new();
    let path = site.path("tmp/anybodys");
    let run = run(&site, &format!("{{leaves-file=\"{}\"}}", path.display()), 0);
    let attempts = run.attempts_at("red");
    let suspects = attempts[0].json["suspects"].as_array().unwrap();
    let is_it = |suspect: &Value| suspect["resource"]["name"] == path.display().to_string();
    assert!(suspects.iter().any(is_it), "{suspects:?}");
    assert!(path.exists());
}

//! A run in which nothing goes wrong.

use std::collections::BTreeMap;

use crate::support::{Site, WITHOUT_SNAPSHOT};

#[test]
fn a_plain_run_succeeds_and_ends_its_log_with_the_tally() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let log = site.run().read("run.log");
    assert_eq!(
        log.lines().last().unwrap(),
        "Exiting: 1 reproduced, 0 refuted, 0 inconclusive, 1 not exercised"
    );
}

#[test]
fn a_run_directory_holds_every_file_of_the_design() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let run = site.run();
    for name in [
        "manifest.json",
        "ledger.jsonl",
        "run.log",
        "summary.json",
        "claims.json",
        "figures/fig1-work.svg",
        "figures/fig1-work.pdf",
        "report.md",
        "report.html",
        "trials/toy=red/1/attempt-1/trial.json",
        "trials/toy=red/1/attempt-1/record.json",
        "trials/toy=red/1/attempt-1/serve-0.log",
        "trials/toy=red/1/attempt-1/job-0.log",
        "trials/toy=red/1/attempt-1/job-0/work.json",
    ] {
        assert!(run.path(name).is_file(), "there is no {name}");
    }
}

#[test]
fn a_finished_run_leaves_nothing() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    site.expect_nothing_left(&site.run());
}

#[test]
fn trials_run_in_the_order_of_the_plan_with_its_seeds() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let ran: Vec<_> =
        site.run().attempts().into_iter().map(|attempt| (attempt.trial, attempt.seed)).collect();
    assert_eq!(ran.len(), 6);
    assert_eq!(ran, site.plan(&[]));
}

#[test]
fn repetitions_are_interleaved_and_every_seed_orders_them_anew() {
    let site = Site::new();
    let order = |seed: &str| {
        let trials = site.plan(&["--trials", "20", "--seed", seed]);
        trials.into_iter().map(|(trial, _)| trial).collect::<Vec<_>>()
    };
    let first = order("1");
    for (i, block) in first.chunks(2).enumerate() {
        let mut block = block.to_vec();
        block.sort();
        assert_eq!(block, ["blue", "red"].map(|toy| format!("toy={toy} #{}", i + 1)));
    }
    assert_eq!(first, order("1"));
    assert_ne!(first, order("2"));
}

#[test]
fn the_manifest_says_what_ran_where_and_with_what() {
    let site = Site::new();
    site.exp(&["--seed", "11"]).expect_code(0);
    let run = site.run();
    let manifest = run.json("manifest.json");
    assert_eq!(manifest["label"], run.label());
    assert_eq!((&manifest["system"], &manifest["experiment"]), (&"toy".into(), &"toy".into()));
    assert_eq!(manifest["profile"]["seed"], 11);
    assert_eq!(manifest["profile"]["name"], "steady");
    assert_eq!(manifest["profile"]["params"]["toys"], serde_json::json!(["blue", "red"]));
    assert_eq!(manifest["overrides"], serde_json::json!(["seed=11"]));
    assert_eq!(manifest["environment"]["target"], "local");
    assert!(manifest["machine"]["cores"].as_u64().unwrap() > 0);
    let provenance = &manifest["provenance"];
    assert_eq!(provenance["binary_sha256"].as_str().unwrap().len(), 64);
    assert!(!provenance["opt_level"].as_str().unwrap().is_empty());
}

#[test]
fn another_seed_gives_other_records_and_the_same_seed_the_same() {
    let works = |seed: &str| -> BTreeMap<String, String> {
        let site = Site::new();
        site.exp(&["--seed", seed]).expect_code(0);
        let record = |dir: &std::path::Path| std::fs::read_to_string(dir.join("record.json"));
        let attempts = site.run().attempts().into_iter();
        attempts.map(|attempt| (attempt.trial, record(&attempt.dir).unwrap())).collect()
    };
    let first = works("1");
    assert_eq!(first, works("1"));
    assert_ne!(first, works("2"));
}

#[test]
fn only_the_points_that_were_asked_for_run() {
    let site = Site::new();
    site.exp(&["--points", "toy=blue"]).expect_code(0);
    let run = site.run();
    assert_eq!((run.attempts_at("blue").len(), run.attempts_at("red").len()), (3, 0));
}

#[test]
fn strict_refuses_a_claim_that_was_not_exercised() {
    let site = Site::new();
    let args = [WITHOUT_SNAPSHOT.as_slice(), &["--strict"]].concat();
    site.exp(&args).expect_code(1);
}

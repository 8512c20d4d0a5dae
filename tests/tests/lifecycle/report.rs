//! A report needs only a run's directory.

use std::fs;

use crate::support::{Site, WITHOUT_SNAPSHOT};

const RECOMPUTED: [&str; 6] = [
    "summary.json",
    "claims.json",
    "report.md",
    "report.html",
    "figures/fig1-work.svg",
    "figures/fig1-work.pdf",
];

#[test]
fn a_report_recomputes_the_same_bytes_from_the_records() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let run = site.run();
    let read = |name: &str| fs::read(run.path(name)).unwrap();
    let before = RECOMPUTED.map(read);
    for name in RECOMPUTED {
        fs::remove_file(run.path(name)).unwrap();
    }
    site.driver(&["report", &run.root().display().to_string()]).expect_code(0);
    for (name, before) in RECOMPUTED.iter().zip(before) {
        assert!(before == read(name), "{name} differs");
    }
}

#[test]
fn a_run_takes_no_options_of_what_another_tool_wrote() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let run = site.run().root().display().to_string();
    let answer = site.driver(&["report", &run, "--bucket", "10s"]).expect_code(2);
    insta::assert_snapshot!(site.redact(&answer.stderr), @r"
    error: --bucket is for what another tool wrote, and this is a run
    (hint: the profile decides what a run shows)
    ");
}

#[test]
fn a_report_follows_the_records() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let run = site.run();
    for attempt in run.attempts_at("red") {
        let worse = r#"{"work": 200.0, "failed_requests": 0}"#;
        fs::write(attempt.dir.join("record.json"), worse).unwrap();
    }
    site.driver(&["report", &run.root().display().to_string()]).expect_code(1);
    assert_eq!(run.json("claims.json")["claims"][0]["verdict"], "refuted");
}

#[test]
fn a_damaged_record_is_named() {
    let site = Site::new();
    site.exp(&WITHOUT_SNAPSHOT).expect_code(0);
    let run = site.run();
    let record = run.attempts_at("red")[0].dir.join("record.json");
    fs::write(&record, r#"{"work": 80.0, "failed_re"#).unwrap();
    let answer = site.driver(&["report", &run.root().display().to_string()]).expect_code(4);
    assert!(answer.stderr.contains(&record.display().to_string()), "{}", answer.stderr);
}

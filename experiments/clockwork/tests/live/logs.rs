//! Where the controller's logs go, and that they are what it counted.

use std::path::Path;

use clockwork::{
    roles::Observed,
    telemetry::{
        ActionRow, Aggregate, RequestRow, Window,
        log::{LogFiles, named, read},
    },
    time::{MILLISECOND, Nanos, SECOND},
};

use super::{
    process::parse,
    system::{System, sent_to},
};

#[test]
fn logs_go_where_the_environment_says_by_the_originals_names() {
    let dir = tempfile::tempdir().unwrap();
    let system = System::start(&[("CLOCKWORK_LOG_DIR", &dir.path().display().to_string())], &[]);
    let sent = sent_to(&system.address, &[], "1", &["poisson-open-loop", "2", "50"]);
    system.end();
    let mut names: Vec<_> =
        dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["clockwork_action_log.tsv", "clockwork_request_log.tsv"]);
    let log = dir.path().join("clockwork_request_log.tsv");
    assert_eq!(read(&log, |_: RequestRow| ()).unwrap(), sent.n_requests);
}

/// The experiments' `telemetry = "full"` is told to the controller by these flags.
#[test]
fn the_rows_that_are_kept_are_those_that_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    let window = ["--lead-in-s", "0.5", "--duration-s", "1", "--bucket-s", "0.25"];
    let kept = ["--log-dir", &path, "--compress", "--out", &path];
    let system = System::start(&[], &[&window[..], &kept].concat());
    let sent = sent_to(&system.address, &[], "2", &["poisson-open-loop", "4", "100"]);
    system.end();
    let (_, logs) = named(dir.path()).pop().unwrap();
    assert_eq!(logs, LogFiles::written(dir.path()).compressed());
    let mut again = Aggregate::new(Window {
        start: began(&logs),
        lead_in: SECOND / 2,
        duration: Some(SECOND),
        bucket: 250 * MILLISECOND,
    });
    logs.aggregate(&mut again).unwrap();
    let observed: Observed = parse(&Path::new(&path).join("observed.json"));
    assert_eq!(*again.totals(), observed.totals);
    assert!(again.series() == observed.series, "the series differ");
    assert!(again.tails() == observed.tails, "the tails differ");
    // What is outside the window is kept too.
    assert!(0 < observed.totals.requests && observed.totals.requests < sent.n_requests);
    assert_eq!(read(&logs.requests, |_: RequestRow| ()).unwrap(), sent.n_requests);
    assert_eq!(read(&logs.actions, |_: ActionRow| ()).unwrap(), observed.outcome.n_actions);
}

/// When what is logged first began: the first request, or what had its weights loaded.
fn began(logs: &LogFiles) -> Nanos {
    let mut first: Option<(Nanos, Nanos)> = None;
    let mut see = |t: Nanos, took: Nanos| {
        if first.is_none_or(|(earliest, _)| t < earliest) {
            first = Some((t, t - took));
        }
    };
    read(&logs.requests, |row: RequestRow| see(row.t, row.latency)).expect("the log is whole");
    read(&logs.actions, |row: ActionRow| see(row.t, row.controller_action_duration))
        .expect("the log is whole");
    first.expect("something happened").1
}

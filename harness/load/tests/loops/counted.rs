//! Every request is counted once, where it belongs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use load::{
    client::Failure,
    engine::{Load, WarmUpLength, generate},
    hlog::{self, Log},
    http::{Endpoint, HttpClient, Request},
    null::Reply,
    report::{LoopKind, Report},
    validity::Sources,
};
use node::Meter;

use crate::against::{closed, ms, open, send, send_with};

#[test]
fn a_stall_of_the_server_is_in_the_latency_of_all_that_were_due_meanwhile() {
    let stalls_once = |n| if n == 100 { Reply::After(ms(300)) } else { Reply::Ok };
    let report = send(&open("step:1000x1s", 1, 5_000), stalls_once);
    // 300 of 1,000 requests were due within the stall, and waited 150 ms on average.
    let (latency, service) = (report.latency.unwrap(), report.service.unwrap());
    assert_eq!((report.n_offered, latency.n), (1_000, 1_000));
    assert!(latency.p90_us > 150_000.0, "{latency:?}");
    assert!(service.p90_us < 50_000.0 && service.max_us > 300_000.0, "{service:?}");
    assert!(report.backpressure.n >= 250, "{:?}", report.backpressure);
}

#[test]
fn a_stall_in_a_closed_loop_is_one_slow_request_and_the_report_says_which_loop() {
    let stalls_once = |n| if n == 100 { Reply::After(ms(300)) } else { Reply::Ok };
    let report = send(&closed(1, "none", 1_000), stalls_once);
    let latency = report.latency.unwrap();
    assert!(latency.max_us > 300_000.0 && latency.p90_us < 50_000.0, "{latency:?}");
    assert_eq!((report.origin.kind, report.backpressure.n), (LoopKind::Closed, 0));
}

#[test]
fn a_connection_thinks_before_each_request() {
    let report = send(&closed(4, "constant:50ms", 1_000), |_| Reply::Ok);
    // 19 each, the one at 1,000 ms being too late; a busy machine has fewer.
    assert!((20..=76).contains(&report.n_offered), "{}", report.n_offered);
}

#[test]
fn each_arrival_is_sent_once_by_whichever_thread() {
    let n_seen = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&n_seen);
    let load = Load { threads: 2, ..open("poisson-step:2000x500ms", 16, 5_000) };
    let report = send(&load, move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
        Reply::Ok
    });
    let schedule = report.origin.schedule.clone().unwrap();
    let n_due = schedule.arrivals(load.seed).count() as u64;
    assert_eq!((report.n_offered, n_seen.load(Ordering::Relaxed)), (n_due, n_due));
}

#[test]
fn the_warm_up_is_recorded_apart() {
    let cold_at_first = |n| if n < 20 { Reply::After(ms(30)) } else { Reply::Ok };
    let load = Load { warm_up: WarmUpLength::Requests(20), ..open("step:100x500ms", 1, 5_000) };
    let report = send(&load, cold_at_first);
    assert_eq!(report.warm_up.unwrap().n, 20);
    assert_eq!((report.n_offered, report.latency.unwrap().n), (30, 30));
    let load = Load { warm_up: WarmUpLength::Time(ms(200)), ..load };
    assert_eq!(send(&load, cold_at_first).warm_up.unwrap().n, 20);
}

#[test]
fn labelled_answers_are_recorded_together_and_apart() {
    let report = send(&open("step:200x500ms", 4, 5_000), |n| {
        if n.is_multiple_of(4) { Reply::Labelled("cold") } else { Reply::Ok }
    });
    assert_eq!(report.latency.unwrap().n, 100);
    assert_eq!(report.labels["cold"].n, 25);
}

#[test]
fn a_connection_that_the_server_closes_is_made_again_and_counted() {
    let closes = |n: u64| if n.is_multiple_of(10) { Reply::Close } else { Reply::Ok };
    let report = send(&open("step:200x500ms", 1, 5_000), closes);
    assert_eq!((report.latency.unwrap().n, report.n_reconnects), (100, 10));
    assert_eq!(report.errors, BTreeMap::new());
}

#[test]
fn what_is_due_and_never_answered_is_a_failure_or_a_drop() {
    let load = Load { timeout: ms(100), ..open("step:200x500ms", 2, 50) };
    let report = send(&load, |_| Reply::Never);
    let n_timeouts = report.errors[&Failure::Timeout];
    assert_eq!((report.n_offered, n_timeouts + report.n_dropped), (100, 100));
    assert!(n_timeouts >= 2 && report.n_dropped > 50, "{report:?}");
    assert_eq!((report.latency, report.achieved_per_s), (None, 0.0));
}

#[test]
fn the_log_has_what_the_report_has() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("latency.hlog");
    let load = Load { warm_up: WarmUpLength::Requests(50), ..open("step:100x2500ms", 4, 5_000) };
    let report = send_with(&load, &Sources::default(), Some(&path), |_| Reply::Ok);
    let log = Log::read(&path).unwrap();
    let latency = report.latency.unwrap();
    let logged = log.merged(hlog::LATENCY);
    assert_eq!((logged.n(), latency.n), (200, 200));
    let p99_us = logged.quantile(0.99).unwrap().as_secs_f64() * 1e6;
    assert!((p99_us / latency.p99_us - 1.0).abs() < 1e-3);
    assert_eq!(log.merged(hlog::WARM_UP).n(), 50);
    let seconds: Vec<_> = log.intervals.iter().map(|interval| interval.start.as_secs()).collect();
    assert!(seconds.is_sorted() && seconds.contains(&0) && seconds.contains(&2), "{seconds:?}");
}

#[test]
fn a_report_is_read_back_strictly() {
    let report = send(&open("step:100x100ms", 4, 5_000), |_| Reply::Status(503));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let other = json.replacen("\"n_offered\"", "\"n_offred\"", 1);
    assert!(serde_json::from_str::<Report>(&other).is_err());
}

#[test]
fn a_server_that_is_not_there_ends_the_load_before_it_starts() {
    let address = "127.0.0.1:1".parse().unwrap();
    let endpoint = Endpoint::new(&address, &Request::get("/"), None, Meter::shared()).unwrap();
    let client = |_| HttpClient::new(Arc::clone(&endpoint));
    let load = Load { threads: 2, ..closed(3, "none", 1_000) };
    let error = generate(&load, client, None, &Sources::default()).unwrap_err();
    insta::assert_snapshot!(error, @r"
    connection 0 could not be made before the start: connect
    (hint: is the system up, and does it take that many connections?)
    ");
}

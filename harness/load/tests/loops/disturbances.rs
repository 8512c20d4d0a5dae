//! Each disturbance is made to happen, and is named.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use load::{
    client::Failure,
    engine::Load,
    null::Reply,
    validity::{Disturbance, Sources},
};

use crate::against::{find, ms, open, send, send_with};

#[test]
fn stolen_processor_time_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let stat = dir.path().join("stat");
    fs::write(&stat, "cpu  100 0 0 900 0 0 0 10\n").unwrap();
    let sources = Sources { stat: stat.clone(), ..Sources::default() };
    // While the load runs, 100 ticks pass, of which 30 are stolen.
    let report = send_with(&open("step:100x200ms", 4, 1_000), &sources, None, move |n| {
        if n == 10 {
            fs::write(&stat, "cpu  170 0 0 900 0 0 0 40\n").unwrap();
        }
        Reply::Ok
    });
    let share = find(&report, |disturbance| match disturbance {
        Disturbance::CpuSteal { share } => Some(*share),
        _ => None,
    });
    assert!((share - 0.3).abs() < 1e-9, "{share}");
    assert!(report.is_invalid());
}

static BEHIND_MS: AtomicU64 = AtomicU64::new(0);

fn stepped_clock() -> SystemTime {
    SystemTime::now() - Duration::from_millis(BEHIND_MS.load(Ordering::Relaxed))
}

#[test]
fn a_stepped_clock_is_named() {
    let sources = Sources { wall: stepped_clock, ..Sources::default() };
    let report = send_with(&open("step:100x200ms", 4, 1_000), &sources, None, |n| {
        if n == 10 {
            BEHIND_MS.store(10_000, Ordering::Relaxed);
        }
        Reply::Ok
    });
    let step_ms = find(&report, |disturbance| match disturbance {
        Disturbance::ClockStep { step_ms } => Some(*step_ms),
        _ => None,
    });
    assert!((step_ms + 10_000.0).abs() < 500.0, "{step_ms}");
}

#[test]
fn requests_that_are_never_sent_are_named() {
    let load = Load { timeout: ms(100), ..open("step:200x500ms", 2, 20) };
    let stops = |n| if n < 40 { Reply::Ok } else { Reply::Never };
    let report = send(&load, stops);
    let n = find(&report, |disturbance| match disturbance {
        Disturbance::Dropped { n, .. } => Some(*n),
        _ => None,
    });
    assert_eq!(n, report.n_dropped);
    assert!(n > 0 && report.is_invalid());
}

#[test]
fn failed_requests_are_named() {
    let report = send(&open("step:200x500ms", 4, 1_000), |n| {
        if n.is_multiple_of(10) { Reply::Status(503) } else { Reply::Ok }
    });
    let errors = find(&report, |disturbance| match disturbance {
        Disturbance::Errors { n, share } => Some((*n, *share)),
        _ => None,
    });
    assert_eq!(errors, (10, 0.1));
    assert_eq!(report.errors[&Failure::Status(503)], 10);
    assert_eq!(report.failed.unwrap().n, 10);
}

#[test]
fn a_schedule_that_is_not_kept_is_named() {
    let report = send(&open("step:100x500ms", 1, 5_000), |_| Reply::After(ms(20)));
    let n = find(&report, |disturbance| match disturbance {
        Disturbance::Backpressure { n, .. } => Some(*n),
        _ => None,
    });
    // Each answer takes twice the distance between two requests.
    assert!(n >= 45, "{n}");
    assert_eq!(report.latency.unwrap().n, 50);
}

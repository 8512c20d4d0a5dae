//! The points of a profile, and what it may not ask for.

use std::time::Duration;

use serde_json::json;

use crate::params::{Mode, Params, Point};

fn params(starts: u64, capacity_max: u64, rate: f64) -> Params {
    let each = |n| json!({ "instance": n, "faaslet": n, "proto-faaslet": n });
    let rates = json!([rate]);
    let params = json!({
        "mode": ["instance", "faaslet"],
        "starts": each(starts),
        "capacity-max": each(capacity_max),
        "churn-per-s": { "instance": rates, "faaslet": rates, "proto-faaslet": rates },
        "churn-s": 1.0,
    });
    serde_json::from_value(params).unwrap()
}

#[test]
fn every_mode_is_a_point() {
    let points = params(10, 20, 1.0).points().unwrap();
    let modes: Vec<_> = points.iter().map(|point| point.mode).collect();
    assert_eq!(modes, [Mode::Instance, Mode::Faaslet]);
}

#[track_caller]
fn check_refused(params: &Params, expected: &str) {
    assert_eq!(params.points().unwrap_err().to_string(), expected);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    check_refused(&params(5, 20, 1.0), "`starts` = 5 must be at least 10");
    let kept = "`capacity-max` = 9 must not be below `starts` = 10, which all stay";
    check_refused(&params(10, 9, 1.0), kept);
    check_refused(&params(10, 20, 0.0), "`churn-per-s` has 0, and must have positive rates");
}

#[test]
fn a_rare_start_takes_as_long_as_it_waits() {
    let params = params(10, 10, 0.1);
    assert_eq!(params.expected(&Point { mode: Mode::Instance }), Duration::from_secs(14));
}

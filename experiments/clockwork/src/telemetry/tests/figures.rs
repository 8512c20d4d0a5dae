//! Points and totals of rows that can be counted by hand.

use super::{
    exact::Rows,
    rows::{action, request},
};
use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    telemetry::{ActionRow, Aggregate, RequestRow, Series, Totals, Window},
    time::{MILLISECOND, SECOND},
};

const WINDOW: Window =
    Window { start: 0, lead_in: 10 * SECOND, duration: Some(20 * SECOND), bucket: 10 * SECOND };

/// Two buckets: one busy, one with a single request that timed out.
fn rows() -> Rows {
    let cold = |t, model| RequestRow {
        latency: 20 * MILLISECOND,
        arrival_count: 0,
        model: ModelId(model),
        ..request(t)
    };
    let late = RequestRow { latency: 101 * MILLISECOND, ..request(13 * SECOND) };
    let timeout = RequestRow {
        result: ClientStatus::Timeout,
        latency: 95 * MILLISECOND,
        arrival_count: 0,
        ..request(29 * SECOND)
    };
    let infer = |batch_size| action(12 * SECOND, ActionKind::Infer { batch_size });
    Rows {
        requests: vec![
            request(9 * SECOND),
            request(10 * SECOND),
            cold(11 * SECOND, 7),
            cold(11 * SECOND, 7),
            cold(12 * SECOND, 300),
            late,
            timeout,
            request(30 * SECOND),
        ],
        actions: vec![
            infer(1),
            infer(3),
            action(12 * SECOND, ActionKind::Load),
            ActionRow {
                status: ActionStatus::ExecTooLate,
                worker_exec_duration: 0,
                worker_exec_complete: 0,
                ..action(28 * SECOND, ActionKind::Infer { batch_size: 2 })
            },
            action(5 * SECOND, ActionKind::Evict),
        ],
    }
}

fn aggregate(rows: &Rows, window: Window) -> Aggregate {
    let mut aggregate = Aggregate::new(window);
    rows.requests.iter().for_each(|row| aggregate.request(row));
    rows.actions.iter().for_each(|row| aggregate.action(row));
    aggregate
}

#[test]
fn points_say_what_happened_in_their_bucket() {
    let points = rows().series(&WINDOW).points;
    assert_eq!(points.len(), 2);
    let [busy, idle] = [points[0], points[1]];
    assert_eq!((busy.t_min, busy.throughput, busy.goodput), (0.0, 0.5, 0.4));
    // Of 2, 20, 20, 20 and 101 ms; the p99 is 96 % of the way from 20 to 101.
    assert_eq!((busy.latency_median_ms, busy.latency_max_ms), (20.0, 101.0));
    assert!((busy.latency_p99_ms - (20.0 + 0.96 * 81.0)).abs() < 1e-9);
    // (1 + 9) / (1 + 3)
    assert_eq!(busy.batch_size_mean, 2.5);
    assert_eq!((busy.cold_models, busy.cold_starts), (2, 0.3));
    assert_eq!((idle.throughput, idle.goodput), (0.1, 0.0));
    assert_eq!((idle.cold_models, idle.cold_starts, idle.batch_size_mean), (0, 0.0, 2.0));
}

#[test]
fn totals_count_the_window_by_how_it_went() {
    let aggregate = aggregate(&rows(), WINDOW);
    let totals = aggregate.totals();
    assert_eq!((totals.requests, totals.successes), (6, 5));
    assert_eq!((totals.within_objective, totals.within_100_ms, totals.cold_starts), (4, 4, 3));
    assert_eq!((totals.cold_requests, totals.cold_within_objective), (4, 3));
    assert_eq!(totals.with_status(ClientStatus::Timeout), 1);
    assert_eq!(totals.with_status(ClientStatus::Error), 0);
    assert_eq!((totals.infers.all, totals.infers.failed, totals.executed), (3, 1, 4));
    assert_eq!((totals.loads.all, totals.evicts.all, totals.actions()), (1, 0, 4));
}

#[test]
fn a_slow_request_with_a_lax_objective_is_within_it_but_not_within_100_ms() {
    let mut aggregate = Aggregate::new(WINDOW);
    let latency = 150 * MILLISECOND;
    let row = RequestRow { latency, deadline: SECOND, ..request(15 * SECOND) };
    aggregate.request(&row);
    assert_eq!(aggregate.totals().within_objective, 1);
    assert_eq!(aggregate.totals().within_100_ms, 0);
}

#[test]
fn failed_actions_have_no_error_unless_they_are_asked_for() {
    let rows = rows();
    let without = aggregate(&rows, WINDOW).tails();
    let mut with = Aggregate::new(WINDOW).including_failed();
    rows.actions.iter().for_each(|row| with.action(row));
    assert!(without.ms.infer_prediction.shorter.iter().all(|error_ms| *error_ms == 0.0));
    assert_eq!(with.tails().ms.infer_prediction.shorter.last().map(|ms| ms.round()), Some(2.0));
}

#[test]
fn a_run_without_rows_has_no_points_and_empty_tails() {
    let nothing = Aggregate::new(WINDOW);
    assert_eq!(nothing.series().points, []);
    assert!(nothing.tails().ms.latency.is_empty());
    assert_eq!(Rows::default().series(&WINDOW), nothing.series());
    assert_eq!(Rows::default().tails(&WINDOW, false), nothing.tails());
}

#[test]
fn series_and_totals_are_written_under_their_names() {
    let aggregate = aggregate(&rows(), WINDOW);
    let written = serde_json::to_string_pretty(&(aggregate.series(), aggregate.totals())).unwrap();
    let (series, totals): (Series, Totals) = serde_json::from_str(&written).unwrap();
    assert_eq!((series.points.len(), &totals), (2, aggregate.totals()));
    insta::assert_snapshot!(written, @r#"
    [
      {
        "points": [
          {
            "t-min": 0.0,
            "throughput": 0.5,
            "goodput": 0.4,
            "latency-median-ms": 19.9966715,
            "latency-p99-ms": 97.75986686,
            "latency-max-ms": 101.0,
            "batch-size-mean": 2.5,
            "cold-models": 2,
            "cold-starts": 0.3
          },
          {
            "t-min": 0.16666666666666666,
            "throughput": 0.1,
            "goodput": 0.0,
            "latency-median-ms": 95.0,
            "latency-p99-ms": 95.0,
            "latency-max-ms": 95.0,
            "batch-size-mean": 2.0,
            "cold-models": 0,
            "cold-starts": 0.0
          }
        ]
      },
      {
        "requests": 6,
        "successes": 5,
        "within-objective": 4,
        "within-100-ms": 4,
        "cold-starts": 3,
        "cold-requests": 4,
        "cold-within-objective": 3,
        "by-status": [
          5,
          0,
          0,
          0,
          1,
          0,
          0,
          0,
          0
        ],
        "loads": {
          "all": 1,
          "failed": 0
        },
        "infers": {
          "all": 3,
          "failed": 1
        },
        "evicts": {
          "all": 0,
          "failed": 0
        },
        "executed": 4
      }
    ]
    "#);
}

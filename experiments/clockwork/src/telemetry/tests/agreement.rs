//! Online and exact agree on random rows: counts identically, quantiles within the
//! three digits that histograms keep.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::{exact::Rows, rows};
use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    telemetry::{
        ActionRow, Aggregate, Distributions, Point, RequestRow, Series, Sides, Tails, Window,
    },
    time::{MICROSECOND, Nanos, SECOND},
};

const WINDOW: Window =
    Window { start: SECOND, lead_in: 5 * SECOND, duration: Some(40 * SECOND), bucket: 7 * SECOND };

/// Over 50 s, with a gap in which nothing happens.
fn time(random: &mut Pcg64) -> Nanos {
    let t = SECOND + random.random_range(0..50 * SECOND);
    if (20 * SECOND..28 * SECOND).contains(&t) { 30 * SECOND } else { t }
}

fn request(random: &mut Pcg64, request_id: u64) -> RequestRow {
    let statuses = [ClientStatus::Timeout, ClientStatus::Skipped];
    let result = statuses.get(random.random_range(0..40)).copied();
    // Over three decades, so that tails are long.
    let latency = (1e6 * 10f64.powf(3.0 * random.random::<f64>())) as Nanos;
    RequestRow {
        request_id,
        result: result.unwrap_or(ClientStatus::Success),
        model: ModelId(random.random_range(0..500)),
        latency,
        arrival_count: random.random_range(0..3),
        departure_count: random.random_range(0..3),
        ..rows::request(time(random))
    }
}

fn action(random: &mut Pcg64, action_id: u64) -> ActionRow {
    let kind = match random.random_range(0..4) {
        0 => ActionKind::Load,
        1 => ActionKind::Evict,
        _ => ActionKind::Infer { batch_size: 1 << random.random_range(0..5) },
    };
    let is_success = random.random_range(0..20) > 0;
    let actual = |expected: Nanos, random: &mut Pcg64| {
        let differs = random.random_range(0..3) > 0;
        let around = expected - 100 * MICROSECOND + random.random_range(0..300 * MICROSECOND);
        if !is_success {
            0
        } else if differs {
            around
        } else {
            expected
        }
    };
    let as_expected = rows::action(time(random), kind);
    ActionRow {
        action_id,
        status: if is_success { ActionStatus::Success } else { ActionStatus::ExecTooLate },
        worker_exec_duration: actual(as_expected.expected_exec_duration, random),
        worker_exec_complete: actual(as_expected.expected_exec_complete, random),
        ..as_expected
    }
}

fn random_rows(seed: u64) -> Rows {
    let mut random = Pcg64::seed_from_u64(seed);
    let requests = (0..30_000).map(|id| request(&mut random, id)).collect();
    let actions = (0..20_000).map(|id| action(&mut random, id)).collect();
    Rows { requests, actions }
}

fn aggregate(rows: &Rows, include_failed: bool) -> Aggregate {
    let mut aggregate = Aggregate::new(WINDOW);
    if include_failed {
        aggregate = aggregate.including_failed();
    }
    rows.requests.iter().for_each(|row| aggregate.request(row));
    rows.actions.iter().for_each(|row| aggregate.action(row));
    aggregate
}

#[track_caller]
fn assert_close(online: f64, exact: f64) {
    assert!((online - exact).abs() <= 1e-3 * exact, "{online} for {exact}");
}

#[track_caller]
fn assert_series_agree(online: &Series, exact: &Series) {
    assert_eq!(online.points.len(), exact.points.len());
    for (online, exact) in online.points.iter().zip(&exact.points) {
        assert_close(online.latency_median_ms, exact.latency_median_ms);
        assert_close(online.latency_p99_ms, exact.latency_p99_ms);
        let Point { latency_median_ms, latency_p99_ms, .. } = *exact;
        assert_eq!(Point { latency_median_ms, latency_p99_ms, ..*online }, *exact);
    }
}

#[track_caller]
fn assert_tails_agree(online: &Tails, exact: &Tails) {
    assert_eq!(online.y, exact.y);
    let sides = |sides: &Sides<Vec<f64>>| [sides.longer.clone(), sides.shorter.clone()];
    let all = |ms: &Distributions<Vec<f64>>| {
        let errors = [&ms.infer_prediction, &ms.load_prediction];
        let errors = errors.into_iter().chain([&ms.infer_completion, &ms.load_completion]);
        let latencies = [ms.latency.clone(), ms.cold_latency.clone(), ms.hot_latency.clone()];
        errors.flat_map(sides).chain(latencies).collect::<Vec<_>>()
    };
    for (online, exact) in all(&online.ms).iter().zip(&all(&exact.ms)) {
        assert_eq!((online.len(), exact.len()), (1000, 1000));
        online.iter().zip(exact).for_each(|(online, exact)| assert_close(*online, *exact));
    }
}

#[test]
fn series_agree_with_those_of_all_rows() {
    let rows = random_rows(1);
    let exact = rows.series(&WINDOW);
    // 40 s in buckets of 7, one of which lies within the gap.
    assert_eq!(exact.points.len(), 6);
    assert_series_agree(&aggregate(&rows, false).series(), &exact);
}

#[test]
fn tails_agree_with_those_of_all_rows_with_failed_actions_and_without() {
    let rows = random_rows(2);
    for include_failed in [false, true] {
        let online = aggregate(&rows, include_failed).tails();
        assert_tails_agree(&online, &rows.tails(&WINDOW, include_failed));
    }
    assert_ne!(rows.tails(&WINDOW, false), rows.tails(&WINDOW, true));
}

#[test]
fn parts_that_are_merged_are_the_whole() {
    let rows = random_rows(3);
    let (even, odd): (Vec<_>, Vec<_>) =
        rows.requests.iter().partition(|row| row.request_id % 2 == 0);
    let first = Rows { requests: even, actions: Vec::new() };
    let second = Rows { requests: odd, actions: rows.actions.clone() };
    let mut merged = aggregate(&first, false);
    merged.merge(&aggregate(&second, false));
    let whole = aggregate(&rows, false);
    assert_eq!(merged.series(), whole.series());
    assert_eq!(merged.tails(), whole.tails());
    assert_eq!(merged.totals(), whole.totals());
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let rows = random_rows(4);
    let mut turned = rows.clone();
    turned.requests.reverse();
    turned.actions.reverse();
    assert_eq!(aggregate(&rows, false).series(), aggregate(&turned, false).series());
}

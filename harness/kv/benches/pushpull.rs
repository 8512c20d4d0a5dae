//! A partial push of weights and the re-read that follows it, through our
//! client, against what `redis-benchmark -P` needs for commands of the same
//! number and sizes on the same server.
//!
//! The goal is a ratio of at most 2, on the embedded server and on a real
//! Redis. The runs of changed weights have the shape that 60,000 updates of
//! training on real documents leave: 4,510 runs, 8,650 weights of 47,236.

#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[expect(clippy::unwrap_used, reason = "shared with the tests, where a failed unwrap is a failure")]
#[path = "../tests/suite/servers.rs"]
mod servers;

use std::{
    hint::black_box,
    process::Stdio,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use kv::Client;
use servers::{Embedded, Place, REDIS_BENCHMARK, REDIS_SERVER, Redis};

const WEIGHT_BYTES: usize = 8;
const N_WEIGHTS: usize = 47_236;
const KEY: &str = "ann_weights";

/// How many runs there are of each length in weights.
const RUNS: [Runs; 4] = [
    Runs { n_runs: 2_570, n_weights: 1 },
    Runs { n_runs: 1_240, n_weights: 2 },
    Runs { n_runs: 500, n_weights: 4 },
    Runs { n_runs: 200, n_weights: 8 },
];

/// How often redis-benchmark repeats a push, and a re-read.
const N_REPEATS: usize = 200;

#[derive(Clone, Copy)]
struct Runs {
    n_runs: usize,
    n_weights: usize,
}

/// A run of changed weights, in bytes.
struct Run {
    offset: u64,
    len_bytes: usize,
}

fn push_and_pull(criterion: &mut Criterion) {
    let embedded = Embedded::start();
    compare(criterion, "embedded", &embedded.place());
    match REDIS_SERVER.missing() {
        None => compare(criterion, "redis", &Redis::start().place()),
        Some(reason) => eprintln!("pushpull/redis is left out: {reason}"),
    }
}

fn compare(criterion: &mut Criterion, server: &str, place: &Place) {
    let mut client = place.client();
    let weights = vec![1; N_WEIGHTS * WEIGHT_BYTES];
    client.set(KEY, &weights).expect("the server is up");
    let runs = spread_runs();
    let mut local = weights;
    let mut samples = Vec::new();
    criterion.bench_function(&format!("pushpull/{server}"), |bencher| {
        bencher.iter_custom(|n_iterations| {
            let started = Instant::now();
            for _ in 0..n_iterations {
                push_pull(&mut client, &runs, &mut local);
            }
            let elapsed = started.elapsed();
            samples.push(elapsed.as_secs_f64() / n_iterations as f64);
            elapsed
        });
    });
    report(server, place, samples);
}

fn push_pull(client: &mut Client, runs: &[Run], local: &mut [u8]) {
    let mut pipeline = client.pipeline();
    for run in runs {
        let from = run.offset as usize;
        pipeline.set_range_with(KEY, run.offset, run.len_bytes, |payload| {
            payload.copy_from_slice(&local[from..from + run.len_bytes]);
        });
    }
    let mut sink = |offset: usize, chunk: &[u8]| {
        local[offset..offset + chunk.len()].copy_from_slice(chunk);
    };
    let len_bytes = pipeline.execute_and_get_into(KEY, &mut sink).expect("the server is up");
    assert_eq!(black_box(len_bytes), Some((N_WEIGHTS * WEIGHT_BYTES) as u64));
}

fn report(server: &str, place: &Place, mut samples: Vec<f64>) {
    // With `cargo test --benches` nothing is measured.
    if samples.len() < 10 {
        return;
    }
    samples.sort_by(f64::total_cmp);
    let ours_us = samples[samples.len() / 2] * 1e6;
    match REDIS_BENCHMARK.missing() {
        Some(reason) => eprintln!("pushpull/{server}: {ours_us:.0} us, no baseline: {reason}"),
        None => {
            let baseline_us = baseline(place).as_secs_f64() * 1e6;
            eprintln!(
                "pushpull/{server}: {ours_us:.0} us, redis-benchmark {baseline_us:.0} us, \
                 ratio {:.2} (goal: at most 2)",
                ours_us / baseline_us
            );
        }
    }
}

/// What redis-benchmark needs for the same commands. It cannot vary offset and
/// size within one run, so each size is a run of its own at one offset.
fn baseline(place: &Place) -> Duration {
    let push: f64 = RUNS.iter().map(|runs| push_s(place, *runs)).sum();
    let pull = 1.0 / rate(place, N_REPEATS, 1, &["GET", KEY]);
    Duration::from_secs_f64(push + pull)
}

fn push_s(place: &Place, Runs { n_runs, n_weights }: Runs) -> f64 {
    let payload = "x".repeat(n_weights * WEIGHT_BYTES);
    let rate = rate(place, n_runs * N_REPEATS, n_runs, &["SETRANGE", KEY, "188944", &payload]);
    n_runs as f64 / rate
}

/// Requests per second of one connection.
fn rate(place: &Place, n_requests: usize, n_pipelined: usize, request: &[&str]) -> f64 {
    let mut command = REDIS_BENCHMARK.command();
    command.args(["-h", "127.0.0.1", "-c", "1", "--csv"]);
    command.args(["-p", &place.address.port().to_string()]);
    command.args(["-n", &n_requests.to_string(), "-P", &n_pipelined.to_string()]);
    let output = command.args(request).stdin(Stdio::null()).output().expect("it is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    // The last line is `"NAME","REQUESTS PER SECOND",…`.
    let rate = text.lines().last().and_then(|line| line.rsplit("\",\"").nth(6)?.parse().ok());
    rate.unwrap_or_else(|| panic!("redis-benchmark printed no rate: {text}"))
}

/// The runs, in a fixed order that mixes their lengths over all weights.
fn spread_runs() -> Vec<Run> {
    let mut lengths: Vec<usize> =
        RUNS.iter().flat_map(|runs| std::iter::repeat_n(runs.n_weights, runs.n_runs)).collect();
    // A stride that shares no factor with the number of runs visits each once.
    let n_runs = lengths.len();
    lengths = (0..n_runs).map(|at| lengths[at * 1_009 % n_runs]).collect();
    let n_changed: usize = lengths.iter().sum();
    let gap = (N_WEIGHTS - n_changed) / n_runs;
    let mut next = 0;
    let place = |n_weights| {
        let run = Run { offset: (next * WEIGHT_BYTES) as u64, len_bytes: n_weights * WEIGHT_BYTES };
        next += n_weights + gap;
        run
    };
    lengths.into_iter().map(place).collect()
}

criterion_group!(benches, push_and_pull);
criterion_main!(benches);

//! A masked push of the weights with its read-back, against the same bytes
//! sent and read without masks, shared memory or locks.
//!
//! The runs have the shape that 60,000 updates on real documents leave:
//! 4,510 runs, 8,650 weights of 47,236. How the client itself compares with
//! `redis-benchmark` is what `kv`'s benchmark says.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use faasm::state::{LocalTier, Value};
use kv::{BackgroundServer, Client, Pool};
use node::Meter;

const WEIGHT_BYTES: usize = 8;
const LEN_BYTES: usize = 47_236 * WEIGHT_BYTES;
const N_TURNS: usize = 400;

/// How many runs there are of each length in weights.
const RUNS: [(usize, usize); 4] = [(2_570, 1), (1_240, 2), (500, 4), (200, 8)];

fn push(criterion: &mut Criterion) {
    let meter = Meter::shared();
    let server = BackgroundServer::start(meter.clone()).expect("loopback has a free port");
    let pool = Pool::new(server.address(), &meter);
    let tier = LocalTier::new(pool.into());
    let runs = spread_runs();
    let [weights, mask] = ["u_weights", "u_weights_mask"]
        .map(|key| tier.value(key, LEN_BYTES).expect("there is memory for two values"));
    tier.global().get().and_then(|mut kv| kv.set("u_weights", &[1; LEN_BYTES])).expect("it is up");
    weights.pull(tier.global()).expect("the server is up");
    let mut client = Client::connect(server.address(), &meter).expect("the server is up");
    let mut local = vec![1; LEN_BYTES];

    criterion.bench_function("push/masked", |bencher| {
        bencher.iter_custom(|n| (0..n).map(|_| masked(&weights, &mask, &runs, &tier)).sum());
    });
    criterion.bench_function("push/plain", |bencher| {
        bencher.iter_custom(|n| (0..n).map(|_| plain(&mut client, &runs, &mut local)).sum());
    });
    report(|| masked(&weights, &mask, &runs, &tier), || plain(&mut client, &runs, &mut local));
}

/// Takes turns, so that both see the same machine, and compares the medians.
fn report(mut masked: impl FnMut() -> Duration, mut plain: impl FnMut() -> Duration) {
    let (mut masked_runs, mut plain_runs) = (Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        masked_runs.push(masked());
        plain_runs.push(plain());
    }
    masked_runs.sort();
    plain_runs.sort();
    let (masked, plain) = (masked_runs[N_TURNS / 2], plain_runs[N_TURNS / 2]);
    let ratio = masked.as_secs_f64() / plain.as_secs_f64();
    let (masked_us, plain_us) = (masked.as_micros(), plain.as_micros());
    eprintln!("push, median: masked {masked_us} us, plain {plain_us} us: {ratio:.2}");
}

/// The runs, offset and length in bytes, evenly over the value.
fn spread_runs() -> Vec<(usize, usize)> {
    let lens = RUNS.iter().flat_map(|(n_runs, n_weights)| vec![n_weights * WEIGHT_BYTES; *n_runs]);
    let lens: Vec<usize> = lens.collect();
    let gap = (LEN_BYTES - lens.iter().sum::<usize>()) / lens.len() / WEIGHT_BYTES * WEIGHT_BYTES;
    let mut offset = 0;
    let place = |len| {
        let run = (offset, len);
        offset += len + gap;
        run
    };
    lens.into_iter().map(place).collect()
}

fn masked(weights: &Value, mask: &Value, runs: &[(usize, usize)], tier: &LocalTier) -> Duration {
    for (offset, len) in runs {
        mask.region().fill(*offset, *len, u8::MAX).expect("runs are inside");
    }
    weights.flag_dirty();
    let began = Instant::now();
    weights.push_partial_mask(mask, tier.global()).expect("the server is up");
    began.elapsed()
}

fn plain(client: &mut Client, runs: &[(usize, usize)], local: &mut [u8]) -> Duration {
    let began = Instant::now();
    let mut pipeline = client.pipeline();
    for (offset, len) in runs {
        pipeline.set_range("u_weights", *offset as u64, &local[*offset..offset + len]);
    }
    let sink = &mut |offset: usize, bytes: &[u8]| {
        local[offset..offset + bytes.len()].copy_from_slice(black_box(bytes));
    };
    pipeline.execute_and_get_into("u_weights", sink).expect("the server is up");
    began.elapsed()
}

criterion_group!(benches, push);
criterion_main!(benches);

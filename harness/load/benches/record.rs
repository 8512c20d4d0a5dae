//! What recording a request costs. The goal: at most a microsecond.

use std::{hint::black_box, thread, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use load::record::{Collector, Recorder, Sample};

/// A request of some microseconds, each another; with a label.
fn sample(index: u64) -> Sample<'static> {
    let start = Duration::from_micros(10 * index);
    let spread = Duration::from_nanos(index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44);
    Sample {
        counted_from: start,
        ready: start,
        sent: start + Duration::from_nanos(800),
        done: start + Duration::from_micros(40) + spread,
        outcome: Ok(()),
        label: Some("cold"),
    }
}

/// A second of virtual time has 100,000 requests, so that handing tallies on
/// is part of what is measured.
fn record(criterion: &mut Criterion) {
    let (collector, slices) = Collector::new(1, None);
    let mut recorder = Recorder::new(0, slices);
    let collecting = thread::spawn(move || collector.collect());
    let mut index = 0;
    criterion.bench_function("record", |bencher| {
        bencher.iter(|| {
            let sample = sample(index);
            recorder.at(sample.done).record(black_box(&sample));
            index += 1;
        });
    });
    recorder.finish();
    drop(recorder);
    let total = collecting.join().expect("the collector does not panic");
    assert_eq!(total.expect("there is no log to fail").latency.n(), index);
}

criterion_group!(benches, record);
criterion_main!(benches);

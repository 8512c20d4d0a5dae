//! The inner loop of the training guest: wasm against native, per weight update.
//!
//! One step over 20,000 documents on one thread, with the dirty mask on and,
//! in wasm, interruption by epochs. What both pay alike is included: the
//! prediction of every document after the pass, one push of the weights, and
//! the call itself, together a few percent. So is what only wasm pays: mapping
//! the documents into the guest. The goal is a ratio of at most 1.3.

#[path = "isolations/mod.rs"]
mod isolations;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use faasm::rcv1::{Documents, Generator, Matrix};
use kv::Pool;

use self::isolations::{Isolations, USER, median};

const N_DOCUMENTS: i32 = 20_000;
const GUEST: &[u8] = include_bytes!("../../../fixtures/guests/reuters_svm.wasm");
const N_TURNS: usize = 101;
/// The index of the function `step`.
const STEP: u32 = 1;

fn sgd_step(criterion: &mut Criterion) {
    let documents = Generator::new(7).documents(N_DOCUMENTS as usize);
    let isolations = Isolations::start("reuters_svm", GUEST, |global| store(&documents, global));
    let n_updates = documents.n_values() as u64;
    let input = [0, 0, N_DOCUMENTS, 0].map(i32::to_le_bytes).concat();
    let wasm = || isolations.wasm(STEP, &input);
    let native = || isolations.native(STEP, &input);

    let mut group = criterion.benchmark_group("sgd_step");
    group.sample_size(20).throughput(criterion::Throughput::Elements(n_updates));
    group.bench_function("wasm", |bencher| bencher.iter_custom(|n| (0..n).map(|_| wasm()).sum()));
    group.bench_function("native", |bencher| {
        bencher.iter_custom(|n| (0..n).map(|_| native()).sum());
    });
    group.finish();
    report(wasm, native, n_updates);
}

/// Takes turns and compares each run with its neighbour: other load comes and goes, and mostly hits both.
fn report(wasm: impl Fn() -> Duration, native: impl Fn() -> Duration, n_updates: u64) {
    let per_update_ns = |run: Duration| run.as_secs_f64() * 1e9 / n_updates as f64;
    let (mut wasm_ns, mut native_ns, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        let (wasm_run, native_run) = (wasm(), native());
        wasm_ns.push(per_update_ns(wasm_run));
        native_ns.push(per_update_ns(native_run));
        ratios.push(wasm_run.as_secs_f64() / native_run.as_secs_f64());
    }
    let [wasm_ns, native_ns, ratio] = [wasm_ns, native_ns, ratios].map(median);
    eprintln!(
        "sgd_step, median of {N_TURNS} pairs: {ratio:.3} (wasm {wasm_ns:.2} ns, native {native_ns:.2} ns per update)"
    );
}

/// Stores the documents and the parameters of a step.
fn store(documents: &Documents, global: &Pool) {
    let matrix = Matrix::from_documents(documents).expect("they fit the layout");
    let mut client = global.get().expect("the server is up");
    for (part, bytes) in matrix.parts() {
        client.set(format!("{USER}_{}", part.key), bytes).expect("the server is up");
    }
    let integers = [1, N_DOCUMENTS, documents.n_features() as i32, N_DOCUMENTS];
    let floats = [0.1_f32, 1.0, 0.8].map(f32::to_le_bytes);
    // It is never reached: the only push is the one at the end.
    let ends = [1, i32::MAX].map(i32::to_le_bytes);
    let words = integers.map(i32::to_le_bytes).into_iter().chain(floats).chain(ends);
    let params = words.flatten().collect::<Vec<u8>>();
    client.set(format!("{USER}_params"), &params).expect("the server is up");
}

criterion_group!(benches, sgd_step);
criterion_main!(benches);

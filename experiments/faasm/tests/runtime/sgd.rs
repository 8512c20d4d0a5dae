//! The training guest in both isolations, against an independent implementation.

use faasm::rcv1::{Document, Documents, Generator, Matrix, Reference};

use crate::{
    global::Global,
    workers::{Runs, USER, process, settings, start, text},
};

const N_EPOCHS: usize = 8;
const N_DOCUMENTS: usize = 300;

fn documents() -> Documents {
    Generator::new(11).documents(N_DOCUMENTS)
}

fn load(global: &Global, documents: &Documents) {
    let pool = global.pool();
    for (part, bytes) in Matrix::from_documents(documents).unwrap().parts() {
        pool.get().unwrap().set(format!("{USER}_{}", part.key), bytes).unwrap();
    }
}

/// The loss after each epoch.
fn train(runtime: &impl Runs, n_workers: usize, interval: i64, documents: &Documents) -> Vec<f64> {
    let (n_documents, n_features) = (documents.len(), documents.n_features());
    let input = format!("{n_workers} {interval} {n_documents} {n_features} {N_EPOCHS}");
    let outcome = runtime.run_index("reuters_svm", 0, input.as_bytes());
    assert!(outcome.is_success(), "{}", text(outcome));
    let output = text(outcome);
    let words: Vec<f64> = output.split_whitespace().map(|word| word.parse().unwrap()).collect();
    words.chunks(2).map(|line| line[1]).collect()
}

fn oracle(n_workers: usize) -> Vec<f64> {
    Reference { n_epochs: N_EPOCHS, n_workers, seed: 7 }.losses(&documents())
}

/// Shuffles differ, so losses agree only about as well as two seeds do.
fn assert_close(losses: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(losses.len(), expected.len());
    for (loss, expected) in losses.iter().zip(expected) {
        assert!((loss - expected).abs() < tolerance, "{losses:?} against {expected:?}");
    }
}

#[test]
fn one_worker_matches_the_oracle_in_both_isolations() {
    let global = Global::start();
    load(&global, &documents());
    let wasm = train(&start(&global, settings("a")), 1, 60_000, &documents());
    assert_close(&wasm, &oracle(1), 0.03);
    let native = train(&process(&global, "reuters_svm"), 1, 60_000, &documents());
    assert_eq!(native, wasm, "one kernel, one seed, one order");
}

#[test]
fn parallel_workers_learn_as_well() {
    let global = Global::start();
    load(&global, &documents());
    let sequential = oracle(1);
    let last = |losses: &[f64]| losses[N_EPOCHS - 1];
    let wasm = train(&start(&global, settings("a")), 4, 500, &documents());
    assert!((last(&wasm) - last(&sequential)).abs() < 0.1, "{wasm:?} against {sequential:?}");
}

#[test]
fn a_run_does_not_inherit_the_last_runs_parameters_or_weights() {
    let global = Global::start();
    load(&global, &documents());
    let worker = start(&global, settings("a"));
    let first = train(&worker, 1, 60_000, &documents());
    train(&worker, 3, 60_000, &documents());
    assert_eq!(train(&worker, 1, 60_000, &documents()), first);
}

/// The original's own test: two documents, four weights, one step.
fn assert_tiny_step(runtime: &impl Runs, global: &Global) {
    let mut documents = Documents::new(4);
    documents.push(Document { label: -1.0, features: &[0, 2], weights: &[-3.2, 2.9] });
    documents.push(Document { label: 1.0, features: &[0, 1], weights: &[3.1, -1.5] });
    load(global, &documents);
    let weights = [1.0, 2.0, 3.0, 4.0_f64];
    let set = |key: &str, bytes: Vec<u8>| {
        global.pool().get().unwrap().set(format!("{USER}_{key}"), &bytes).unwrap();
    };
    set("feature_counts", [1_i32; 4].iter().flat_map(|n| n.to_le_bytes()).collect());
    set("weights", weights.iter().flat_map(|weight| weight.to_le_bytes()).collect());
    set("params", params(2, 4));
    let input: Vec<u8> = [0_i32, 0, 2, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    let outcome = runtime.run_index("reuters_svm", 1, &input);
    assert!(outcome.is_success(), "{}", text(outcome));
    let bytes = global.pool().get().unwrap().get(format!("{USER}_weights")).unwrap().unwrap();
    let (words, _) = bytes.as_chunks::<8>();
    let changed: Vec<bool> =
        words.iter().zip(weights).map(|(word, old)| f64::from_le_bytes(*word) != old).collect();
    assert_eq!(changed, [true, true, true, false]);
}

/// The 36 bytes that main shares with its steps.
fn params(n_train: i32, n_weights: i32) -> Vec<u8> {
    let integers = [1, n_train, n_weights, n_train];
    let floats = [0.1_f32, 1.0, 0.8];
    let ends = [1, 60_000];
    let words = integers.map(i32::to_le_bytes).into_iter();
    let words = words.chain(floats.map(f32::to_le_bytes)).chain(ends.map(i32::to_le_bytes));
    words.flatten().collect()
}

#[test]
fn a_step_changes_the_weights_of_its_documents_features_only() {
    let global = Global::start();
    assert_tiny_step(&start(&global, settings("a")), &global);
    let global = Global::start();
    assert_tiny_step(&process(&global, "reuters_svm"), &global);
}

#[test]
fn without_documents_the_training_says_so() {
    let global = Global::start();
    let outcome = start(&global, settings("a")).run("reuters_svm", b"1 60000");
    let expected = "the state `inputs_size` is absent or malformed: upload the documents";
    assert_eq!(text(outcome), expected);
}

//! The multiplying guest in both isolations, against a product in f64.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use faasm::{
    message::Call,
    native::{ChainedCalls, Process},
};

use crate::{
    global::Global,
    workers::{Runs, ToProcesses, USER, process, process_settings, settings, start, text},
};

/// Two square matrices, by rows.
struct Matrices {
    size: usize,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Matrices {
    fn new(size: usize) -> Self {
        let numbers = |salt: usize| {
            let number = |at: usize| ((at * 7919 + salt) % 1009) as f32 / 1009.0;
            (0..size * size).map(number).collect()
        };
        Self { size, left: numbers(1), right: numbers(500) }
    }

    /// Uploads the matrices in `2^n_splits` by `2^n_splits` parts, as the original's generator does.
    fn upload(&self, global: &Global, n_splits: u32) {
        let setup = [self.size as i32, n_splits as i32];
        set(global, "matrix_state", &setup.map(i32::to_le_bytes).concat());
        let n_parts = 1 << n_splits;
        let side = self.size / n_parts;
        for (name, matrix) in [("a", &self.left), ("b", &self.right)] {
            for (row, column) in (0..n_parts * n_parts).map(|at| (at / n_parts, at % n_parts)) {
                let lines = matrix.chunks(self.size).skip(row * side).take(side);
                let part = lines.flat_map(|line| &line[column * side..][..side]);
                let key = format!("mat_{name}_{n_splits}_{row}_{column}");
                let part: Vec<u8> = part.flat_map(|number| number.to_le_bytes()).collect();
                set(global, &key, &part);
            }
        }
    }

    fn assert_product(&self, result: &[u8]) {
        let (words, _) = result.as_chunks::<4>();
        assert_eq!(words.len(), self.size * self.size);
        for (at, word) in words.iter().enumerate() {
            let (row, column) = (at / self.size, at % self.size);
            let expected: f64 = (0..self.size)
                .map(|between| {
                    let left = self.left[row * self.size + between];
                    f64::from(left) * f64::from(self.right[between * self.size + column])
                })
                .sum();
            let found = f64::from(f32::from_le_bytes(*word));
            // All products are positive, so the bound of a sum in f32 is one of its result.
            let bound = self.size as f64 * f64::from(f32::EPSILON) * expected;
            assert!((found - expected).abs() <= bound, "{row},{column}: {found} for {expected}");
        }
    }
}

fn set(global: &Global, key: &str, bytes: &[u8]) {
    global.pool().get().unwrap().set(format!("{USER}_{key}"), bytes).unwrap();
}

fn result(global: &Global) -> Vec<u8> {
    global.pool().get().unwrap().get(format!("{USER}_result_matrix")).unwrap().unwrap()
}

#[track_caller]
fn assert_multiplies(runtime: &impl Runs, global: &Global, matrices: &Matrices) {
    let outcome = runtime.run("mat_mul", b"");
    assert_eq!(text(outcome), "Matrix multiplication finished");
    matrices.assert_product(&result(global));
}

#[test]
fn every_depth_gives_the_product_in_both_isolations() {
    let matrices = Matrices::new(100);
    for n_splits in 0..=2 {
        let global = Global::start();
        matrices.upload(&global, n_splits);
        assert_multiplies(&start(&global, settings("a")), &global, &matrices);
        let global = Global::start();
        matrices.upload(&global, n_splits);
        assert_multiplies(&process(&global, "mat_mul"), &global, &matrices);
    }
}

/// Parts that other hosts compute are found in the global tier.
#[test]
fn two_hosts_multiply_together() {
    let matrices = Matrices::new(64);
    let global = Global::start();
    matrices.upload(&global, 2);
    let to_both = ToProcesses::default();
    let on_one_of_two = || {
        let process = Process::new(process_settings("mat_mul"), &global.pool(), to_both.clone());
        let process = process.unwrap();
        to_both.add(process.clone());
        process
    };
    let (first, _second) = (on_one_of_two(), on_one_of_two());
    assert_multiplies(&first, &global, &matrices);
}

/// Passes calls on and counts them.
#[derive(Clone, Default)]
struct Counting {
    to: ToProcesses,
    n_calls: Arc<AtomicUsize>,
}

impl ChainedCalls for Counting {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        self.to.send(call)
    }
}

/// The paper's "64 multiplication and 9 merging functions".
#[test]
fn two_splits_are_73_calls() {
    let global = Global::start();
    let matrices = Matrices::new(16);
    matrices.upload(&global, 2);
    let counting = Counting::default();
    let settings = process_settings("mat_mul");
    let process = Process::new(settings, &global.pool(), counting.clone()).unwrap();
    counting.to.add(process.clone());
    assert_multiplies(&process, &global, &matrices);
    assert_eq!(1 + counting.n_calls.load(Ordering::Relaxed), 73);
}

#[test]
fn what_is_wrong_with_the_state_is_said() {
    let said = |global: &Global| {
        let outcome = process(global, "mat_mul").run_index("mat_mul", 0, b"");
        assert!(!outcome.is_success());
        text(outcome)
    };
    let global = Global::start();
    insta::assert_snapshot!(said(&global), @"the state `matrix_state` has 0 bytes, not 8: upload the matrices");
    set(&global, "matrix_state", &[102_i32, 2].map(i32::to_le_bytes).concat());
    insta::assert_snapshot!(said(&global), @"matrices of 102 rows cannot be split 2 times: 102 is no multiple of 4");
    Matrices::new(8).upload(&global, 0);
    set(&global, "mat_b_0_0_0", &[0; 3]);
    insta::assert_snapshot!(said(&global), @"the state `mat_b_0_0_0` has 3 bytes, not the 256 of 8 x 8 numbers");
    let global = Global::start();
    Matrices::new(8).upload(&global, 1);
    set(&global, "mat_b_1_0_0", &[0; 3]);
    insta::assert_snapshot!(said(&global), @"2 of the 8 products of intermediate_0_0_0_0_0 failed");
    let outcome = process(&global, "mat_mul").run_index("mat_mul", 1, b"short");
    insta::assert_snapshot!(text(outcome), @"the input must be a level and rows and columns of parts: 5 integers");
}

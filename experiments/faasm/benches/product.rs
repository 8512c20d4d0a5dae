//! The guests' product of matrices against a well-kept library's: the kernel on
//! one thread, and the whole multiplication by chained calls.
//!
//! All compute on the same matrices in turns, and each run is compared with
//! its neighbour: other load comes and goes, and mostly hits both. The size of
//! the whole multiplication is that of the variable `PRODUCT_SIZE`, its turns are
//! `PRODUCT_TURNS`; the words `kernel` and `whole` choose a part.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

#[path = "../../../fixtures/guests/src/gemm/mod.rs"]
#[expect(dead_code, unused_imports, reason = "what networks use is measured with them")]
mod gemm;
#[path = "../../../fixtures/guests/src/simd/mod.rs"]
mod simd;
#[path = "product/whole.rs"]
mod whole;

/// What the guests' sources ask of their host.
#[cfg(any(test, target_arch = "x86_64"))]
mod host {
    pub(super) use faasm::native::Level;
}

const SIZES: [usize; 4] = [250, 500, 1000, 2000];
/// Of each size, in total.
const TIME: Duration = Duration::from_secs(8);
/// The rows of the whole multiplication, if nothing else is asked for.
const WHOLE_SIZE: usize = 2000;
/// And how often it is made in each way.
const N_TURNS: usize = 5;

fn main() {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    if is_wanted("kernel") {
        SIZES.into_iter().for_each(compare);
    }
    if is_wanted("whole") {
        whole::compare(asked("PRODUCT_SIZE", WHOLE_SIZE), asked("PRODUCT_TURNS", N_TURNS));
    }
}

/// A variable's number.
fn asked(variable: &str, otherwise: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

/// Compares the kernels for matrices of `size` rows.
fn compare(size: usize) {
    let matrix = |salt: usize| -> Vec<f32> {
        (0..size * size).map(|at| ((at * 7919 + salt) % 1009) as f32 / 1009.0).collect()
    };
    let (left, right) = (matrix(1), matrix(500));
    let shape = gemm::Shape { n_rows: size, depth: size, n_columns: size };
    let mut scratch = vec![0.0; gemm::scratch_len(shape)];
    let (mut ours, mut theirs) = (vec![0.0; size * size], vec![0.0; size * size]);
    let (mut ratios, mut our_rates) = (Vec::new(), Vec::new());
    let end = Instant::now() + TIME;
    while Instant::now() < end || ratios.len() < 5 {
        let our_time = timed(|| {
            let matrices = gemm::Matrices { left: &left, right: &right, output: &mut ours };
            gemm::add_product(shape, matrices, &mut scratch);
        });
        let their_time = timed(|| add_their_product(size, &left, &right, &mut theirs));
        ratios.push(our_time / their_time);
        our_rates.push(2.0 * (size as f64).powi(3) / our_time / 1e9);
    }
    black_box((&ours, &theirs));
    let n_pairs = ratios.len();
    let (ratio, rate) = (median(ratios), median(our_rates));
    eprintln!(
        "product of {size} x {size}, median of {n_pairs} pairs: {ratio:.3} of matrixmultiply's time ({rate:.1} GFLOP/s)"
    );
}

/// Adds the product of some rows and a square matrix of `size`.
fn add_their_product(size: usize, left: &[f32], right: &[f32], output: &mut [f32]) {
    let (n_rows, stride) = (left.len() / size, size as isize);
    assert!(output.len() == left.len() && right.len() == size * size);
    let (left, right, output) = (left.as_ptr(), right.as_ptr(), output.as_mut_ptr());
    // SAFETY: every row has `size` numbers, and both sides have as many as is said.
    unsafe {
        matrixmultiply::sgemm(
            n_rows, size, size, 1.0, left, stride, 1, right, stride, 1, 1.0, output, stride, 1,
        );
    }
}

fn timed(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

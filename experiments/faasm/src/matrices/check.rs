//! Whether a product is the product: against sums of our own in double
//! precision, which the original never compared it with.

use std::path::Path;

use rand::Rng as _;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::{
    Factor, Layout,
    blocks::floats,
    product::{dot, entries, row_times, times},
};

/// Up to this size every entry is computed anew.
const EVERY_ENTRY_UP_TO: usize = 1000;
/// Above it, so many rows are.
const N_ROWS: usize = 8;
/// And so many random combinations of the columns are compared in every row
/// (Freivalds 1977): a wrong entry escapes each with a chance of a half.
const N_COMBINATIONS: usize = 32;

/// How a product compares with ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// Entries that were computed anew.
    pub n_entries: u64,
    /// The largest difference of one of these, relative to the entry.
    pub worst_error: f64,
    /// Random combinations of all columns that were compared in every row.
    pub n_combinations: u64,
}

/// Compares `product`, row by row in little-endian floats, with the product of
/// the matrices in `dir`.
///
/// The factors' entries lie in [0, 1), so none cancel: rounding each of `n`
/// sums at random leaves an entry wrong by a fraction of √n·ε of itself. Four
/// times that is the tolerance.
///
/// # Errors
/// If a file cannot be read, or the product is wrong; the message says where.
pub fn check(dir: &Path, product: &[u8]) -> anyhow::Result<Checked> {
    let layout = Layout::read(dir)?;
    let n = layout.size();
    let product = floats(product, n * n)?;
    let a = layout.matrix(dir, Factor::A)?;
    let b = layout.matrix(dir, Factor::B)?;
    let tolerance = 4.0 * f64::from(f32::EPSILON) * (n as f64).sqrt();
    let every = n <= EVERY_ENTRY_UP_TO;
    let mut random = Pcg64::new(n as u128, 0);
    let rows: Vec<usize> = if every {
        (0..n).collect()
    } else {
        (0..N_ROWS).map(|_| random.next_u64() as usize % n).collect()
    };
    let worst_error = entries(&a, &b, &product, &rows, tolerance)?;
    let n_combinations = if every { 0 } else { N_COMBINATIONS };
    for _ in 0..n_combinations {
        combine(&a, &b, &product, tolerance, &mut random)?;
    }
    Ok(Checked {
        n_entries: (rows.len() * n) as u64,
        worst_error,
        n_combinations: n_combinations as u64,
    })
}

/// Compares `product · r` with `a · (b · r)` for a random `r` of signs.
fn combine(
    a: &[f32],
    b: &[f32],
    product: &[f32],
    tolerance: f64,
    random: &mut Pcg64,
) -> anyhow::Result<()> {
    let n = a.len().isqrt();
    let signs: Vec<f64> =
        (0..n).map(|_| if random.next_u64() & 1 == 0 { 1.0 } else { -1.0 }).collect();
    let ours = times(a, &times(b, &signs));
    for (row, ours) in ours.iter().enumerate() {
        let of_row = &product[row * n..][..n];
        let theirs = row_times(of_row, &signs);
        // The errors of a row's entries add up as a random walk does.
        let size = dot(of_row, of_row).sqrt();
        anyhow::ensure!(
            (theirs - ours).abs() <= 2.0 * tolerance * size,
            "the product is wrong in row {row}: a combination of its entries is {theirs}, \
             and should be {ours}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::generate, *};

    fn bytes(product: &[f32]) -> Vec<u8> {
        product.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Two factors in a directory, and their product in single precision.
    fn product(size: usize) -> (tempfile::TempDir, Vec<f32>) {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(size, 2).unwrap();
        generate(layout, 1, dir.path()).unwrap();
        let a = layout.matrix(dir.path(), Factor::A).unwrap();
        let b = layout.matrix(dir.path(), Factor::B).unwrap();
        let mut product = vec![0.0_f32; size * size];
        for (row, of_row) in product.chunks_exact_mut(size).enumerate() {
            for (k, of_b) in b.chunks_exact(size).enumerate() {
                let factor = a[row * size + k];
                for (sum, value) in of_row.iter_mut().zip(of_b) {
                    *sum += factor * value;
                }
            }
        }
        (dir, product)
    }

    #[test]
    fn a_product_in_single_precision_passes_entry_by_entry() {
        let (dir, product) = product(200);
        let checked = check(dir.path(), &bytes(&product)).unwrap();
        assert_eq!((checked.n_entries, checked.n_combinations), (40_000, 0));
        assert!(checked.worst_error > 0.0, "not even rounded: compared with itself?");
    }

    #[test]
    fn a_large_product_passes_and_one_wrong_entry_of_a_million_does_not() {
        let (dir, mut product) = product(1024);
        let checked = check(dir.path(), &bytes(&product)).unwrap();
        assert_eq!((checked.n_entries, checked.n_combinations), (8 * 1024, 32));
        product[700 * 1024 + 3] += 1.0;
        let error = check(dir.path(), &bytes(&product)).unwrap_err().to_string();
        assert!(error.starts_with("the product is wrong in row 700: a combination"), "{error}");
    }

    #[test]
    fn a_wrong_entry_of_a_small_product_is_named() {
        let (dir, mut product) = product(100);
        product[2 * 100 + 5] *= 1.001;
        let error = check(dir.path(), &bytes(&product)).unwrap_err().to_string();
        assert!(error.starts_with("the product is wrong in row 2, column 5: "), "{error}");
    }

    #[test]
    fn blocks_in_each_others_place_do_not_pass() {
        let (dir, mut product) = product(100);
        let (upper, lower) = product.split_at_mut(50 * 100);
        upper.swap_with_slice(lower);
        check(dir.path(), &bytes(&product)).unwrap_err();
    }

    #[test]
    fn a_product_of_another_size_is_refused() {
        let (dir, product) = product(100);
        let error = check(dir.path(), &bytes(&product[1..])).unwrap_err().to_string();
        assert_eq!(error, "39996 bytes instead of 40000 for 10000 floats");
    }
}

//! Products in double precision, by their definition.

use anyhow::ensure;

/// Computes these rows of `a · b` anew and compares the product's with them;
/// returns the largest relative difference.
pub(super) fn entries(
    a: &[f32],
    b: &[f32],
    product: &[f32],
    rows: &[usize],
    tolerance: f64,
) -> anyhow::Result<f64> {
    let n = a.len().isqrt();
    let mut worst = 0.0_f64;
    for row in rows {
        let ours = row_of_product(&a[row * n..][..n], b);
        for (column, (ours, theirs)) in ours.iter().zip(&product[row * n..][..n]).enumerate() {
            let error = (f64::from(*theirs) - ours).abs() / ours.abs().max(f64::MIN_POSITIVE);
            ensure!(
                error <= tolerance,
                "the product is wrong in row {row}, column {column}: {theirs}, \
                 and should be {ours}"
            );
            worst = worst.max(error);
        }
    }
    Ok(worst)
}

/// One row of a product: `row · b`.
fn row_of_product(row: &[f32], b: &[f32]) -> Vec<f64> {
    let n = row.len();
    let mut sums = vec![0.0; n];
    for (factor, of_b) in row.iter().zip(b.chunks_exact(n)) {
        for (sum, value) in sums.iter_mut().zip(of_b) {
            *sum += f64::from(*factor) * f64::from(*value);
        }
    }
    sums
}

/// `matrix · vector`.
pub(super) fn times(matrix: &[f32], vector: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(vector.len()).map(|row| row_times(row, vector)).collect()
}

/// `row · vector`.
pub(super) fn row_times(row: &[f32], vector: &[f64]) -> f64 {
    row.iter().zip(vector).map(|(value, factor)| f64::from(*value) * factor).sum()
}

/// `row · other`.
pub(super) fn dot(row: &[f32], other: &[f32]) -> f64 {
    row.iter().zip(other).map(|(value, factor)| f64::from(*value) * f64::from(*factor)).sum()
}

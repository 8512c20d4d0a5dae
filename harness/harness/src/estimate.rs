//! Estimates as every analysis makes them: 95 % intervals, one fixed seed.

use stats::{Bootstrap, Estimate, Method, Ratio, SampleError};

/// The seed is fixed, so that the same records give the same report.
const BOOTSTRAP: Bootstrap = Bootstrap { confidence: 0.95, resamples: 2_000, seed: 0x5eed };

/// The mean of one quantity over the trials of one point.
///
/// # Errors
/// If there is no trial, or a value is not finite.
pub fn mean(samples: &[f64]) -> Result<Estimate, SampleError> {
    BOOTSTRAP.mean(samples)
}

/// How many times larger the first quantity is than the second.
///
/// # Errors
/// If there is no trial of either, a value is not finite, or the second
/// quantity is not positive.
pub fn ratio(numerator: &[f64], denominator: &[f64]) -> Result<Estimate, SampleError> {
    BOOTSTRAP.ratio_of_means(Ratio { numerator, denominator })
}

/// A value that no trial of its own stands behind, such as a count of points.
#[must_use]
pub fn single(value: f64) -> Estimate {
    Estimate { value, interval: None, n: 1, method: Method::StudentT }
}

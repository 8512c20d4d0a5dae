//! What a slice of numbers must satisfy before anything is computed from it.

use thiserror::Error;

/// Why nothing can be computed from a sample.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum SampleError {
    /// There is no value at all.
    #[error("the sample is empty: record at least one valid trial first")]
    Empty,
    /// One of the values is NaN or infinite.
    #[error("value {index} of the sample is {value}: find the record that holds it")]
    NotFinite {
        /// Its position, from 0.
        index: usize,
        /// The value itself.
        value: f64,
    },
    /// Pairs were asked for, and the two samples differ in length.
    #[error("{numerators} numerators cannot be paired with {denominators} denominators")]
    Unpaired {
        /// How many numerators there are.
        numerators: usize,
        /// How many denominators there are.
        denominators: usize,
    },
    /// What is divided by is zero or negative.
    #[error("a denominator is {value}: a ratio needs a positive quantity below the line")]
    Denominator {
        /// The offending denominator, or the mean of all of them.
        value: f64,
    },
    /// Some pairs have a positive quotient and others do not.
    #[error(
        "a pair has the quotient {quotient}: the ratio of pairs needs positive values (the ratio of means does not)"
    )]
    QuotientNotPositive {
        /// The smallest quotient.
        quotient: f64,
    },
}

/// Accepts a sample that is not empty and holds only finite values.
pub(crate) fn check(samples: &[f64]) -> Result<(), SampleError> {
    if samples.is_empty() {
        return Err(SampleError::Empty);
    }
    match samples.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(SampleError::NotFinite { index, value: samples[index] }),
        None => Ok(()),
    }
}

/// The samples in ascending order, so that no result depends on their arrival.
pub(crate) fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut ordered = samples.to_vec();
    ordered.sort_by(f64::total_cmp);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_sample_is_refused() {
        assert_eq!(check(&[]), Err(SampleError::Empty));
    }

    #[test]
    fn a_nan_and_an_infinity_are_refused_by_position() {
        let error = check(&[1.0, f64::NAN]).unwrap_err();
        assert!(error.to_string().starts_with("value 1 of the sample is NaN"), "{error}");
        let infinite = SampleError::NotFinite { index: 0, value: f64::INFINITY };
        assert_eq!(check(&[f64::INFINITY]), Err(infinite));
    }
}

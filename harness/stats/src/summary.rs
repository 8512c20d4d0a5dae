//! The figures of one sample, each with its interval.

use serde::{Deserialize, Serialize};

use crate::{
    bootstrap::Bootstrap,
    estimate::Estimate,
    quantile::{OrderedSample, Quantile},
    sample::SampleError,
};

/// The figures of one sample; quantiles are by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// How many values there are.
    pub n: usize,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub mean: Estimate,
    /// The median.
    pub p50: Estimate,
    /// The 90th percentile.
    pub p90: Estimate,
    /// The 95th percentile.
    pub p95: Estimate,
    /// The 99th percentile.
    pub p99: Estimate,
    /// The 99.9th percentile.
    pub p999: Estimate,
}

impl Summary {
    /// Summarises the samples at the confidence, and with the seed, of `bootstrap`.
    ///
    /// # Errors
    /// If there is no sample, or one that is not finite.
    pub fn of(samples: &[f64], bootstrap: &Bootstrap) -> Result<Summary, SampleError> {
        let ordered = OrderedSample::new(samples)?;
        let values = ordered.values();
        let quantile =
            |level| ordered.quantile(Quantile { level, confidence: bootstrap.confidence });
        Ok(Summary {
            n: values.len(),
            min: values[0],
            max: values[values.len() - 1],
            mean: bootstrap.mean(samples)?,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { confidence: 0.95, resamples: 500, seed: 1 };

    #[test]
    fn a_hundred_numbers_are_summed_up() {
        let numbers: Vec<f64> = (1..=100).map(f64::from).collect();
        let summary = Summary::of(&numbers, &BOOTSTRAP).unwrap();
        assert_eq!((summary.n, summary.min, summary.max), (100, 1.0, 100.0));
        assert_eq!(summary.mean.value, 50.5);
        let quantiles = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999];
        assert_eq!(quantiles.map(|estimate| estimate.value), [50.0, 90.0, 95.0, 99.0, 100.0]);
        assert!(summary.p90.interval.is_some() && summary.p99.interval.is_none());
    }

    #[test]
    fn an_empty_sample_has_no_summary() {
        assert_eq!(Summary::of(&[], &BOOTSTRAP), Err(SampleError::Empty));
    }

    #[test]
    fn a_summary_survives_a_round_trip() {
        let summary = Summary::of(&[1.0, 2.5, 4.0], &BOOTSTRAP).unwrap();
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }
}

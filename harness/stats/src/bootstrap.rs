//! Intervals for means and for ratios.
//!
//! Both are studentised: a deviation is measured in its own standard errors.
//! A positive quantity is studentised on the logarithmic scale, which serves
//! the skewed noise of times and sizes. Below 8 samples the distribution of
//! the deviation is Student's t (for two samples with Welch's degrees of
//! freedom); from 8 to 1,000 it is that of seeded resamples (bootstrap-t);
//! beyond, both agree and t is used again. Very few values are not resampled
//! because too many of their resamples would repeat one value throughout.
//!
//! How often the truth lies in, below and above the nominal 95 % interval, in
//! percent, over 20,000 experiments each (tests hold this table):
//!
//! | quantity, noise | n = 3 | n = 5 | n = 10 | n = 30 |
//! |---|---|---|---|---|
//! | mean, normal | 94.7 (3.0, 2.3) | 94.9 (3.2, 1.9) | 94.5 (2.7, 2.7) | 94.9 (2.5, 2.6) |
//! | mean, log-normal σ 0.5 | 94.1 (1.3, 4.6) | 93.5 (1.2, 5.3) | 93.6 (1.6, 4.8) | 94.6 (2.1, 3.3) |
//! | mean, log-normal σ 1 | 91.7 (0.6, 7.7) | 89.3 (0.7, 10.0) | 90.9 (1.1, 8.0) | 92.8 (1.7, 5.5) |
//! | mean, exponential | 94.6 (1.2, 4.2) | 93.4 (1.4, 5.1) | 93.7 (1.6, 4.7) | 94.6 (2.1, 3.3) |
//! | signed mean, normal | 94.7 (2.6, 2.7) | 94.8 (2.6, 2.5) | 94.6 (2.6, 2.8) | 94.9 (2.5, 2.6) |
//! | signed mean, log-normal σ 0.5 | 92.4 (0.9, 6.7) | 91.8 (0.6, 7.6) | 93.6 (1.3, 5.1) | 94.5 (2.1, 3.4) |
//! | signed mean, log-normal σ 1 | 83.8 (0.3, 15.9) | 82.4 (0.1, 17.5) | 90.8 (0.6, 8.7) | 92.7 (1.5, 5.8) |
//! | signed mean, exponential | 88.6 (0.6, 10.7) | 88.6 (0.4, 11.0) | 94.3 (1.0, 4.7) | 94.7 (1.9, 3.4) |
//! | ratio, normal | 96.7 (1.7, 1.6) | 95.8 (2.0, 2.1) | 95.1 (2.4, 2.5) | 94.8 (2.6, 2.6) |
//! | ratio, log-normal σ 0.5 | 96.2 (2.0, 1.8) | 94.7 (2.6, 2.7) | 94.3 (2.7, 3.0) | 94.5 (2.8, 2.8) |
//! | ratio, log-normal σ 1 | 94.7 (2.7, 2.6) | 92.1 (3.9, 4.0) | 92.0 (3.9, 4.1) | 93.0 (3.5, 3.5) |
//! | ratio, exponential | 94.8 (2.4, 2.8) | 93.1 (3.4, 3.5) | 94.2 (2.8, 3.0) | 94.6 (2.7, 2.7) |
//! | pairs, normal | 95.5 (2.4, 2.1) | 95.4 (2.2, 2.4) | 94.6 (2.7, 2.7) | 94.4 (2.7, 2.9) |
//! | pairs, log-normal σ 0.5 or 1 | 95.2 (2.4, 2.4) | 95.1 (2.4, 2.6) | 94.9 (2.5, 2.6) | 94.8 (2.6, 2.7) |
//! | pairs, exponential | 95.5 (2.2, 2.3) | 95.7 (2.2, 2.2) | 94.4 (2.7, 2.9) | 94.4 (2.8, 2.9) |
//!
//! The mean of few heavily skewed values (log-normal σ 1: a p99 ten times the
//! median) is the weak spot, and of every method tried: at n = 5 Student's t
//! without the logarithm covers 82 %, resampling without it 90 % with
//! intervals 1.4 times as wide. Ratios are sounder, because the skew cancels.

use rand::RngExt;
use rand_pcg::Pcg64;

use crate::{
    estimate::{Estimate, Method},
    interval::Interval,
    pivot::{Mean, Pivot, Scale},
    sample::{self, SampleError},
};

/// From this size on, resampling covers better than Student's t.
const RESAMPLED_MIN: usize = 8;

/// Beyond this size both agree, and resampling only costs time.
const RESAMPLED_MAX: usize = 1_000;

/// How intervals for means and ratios are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The two-sided confidence, such as 0.95.
    pub confidence: f64,
    /// How often to resample: 2,000 serve a confidence of 0.95, and fewer than
    /// 2 / (1 − confidence) are refused by a panic.
    pub resamples: usize,
    /// The seed of the resampling: the same seed gives the same interval.
    pub seed: u64,
}

/// Two samples, one of which is to be divided by the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio<'a> {
    /// What is divided.
    pub numerator: &'a [f64],
    /// What it is divided by.
    pub denominator: &'a [f64],
}

impl Bootstrap {
    /// The mean.
    ///
    /// # Errors
    /// If there is no sample, or one that is not finite.
    pub fn mean(&self, samples: &[f64]) -> Result<Estimate, SampleError> {
        sample::check(samples)?;
        let samples = sample::sorted(samples);
        let estimate = estimate_of(Mean::of(&samples).value, samples.len());
        if samples.len() == 1 {
            return Ok(estimate(None));
        }
        if is_constant(&samples) {
            return Ok(self.exact(samples[0], samples.len()));
        }
        let scale = if samples[0] >= 0.0 { Scale::Logarithmic } else { Scale::Linear };
        Ok(estimate(Some(self.interval_of_mean(&samples, scale))))
    }

    /// The ratio of the means of two independent samples of a positive quantity.
    ///
    /// There is no interval where either sample has one value only, or where
    /// the mean of the numerators is not positive.
    ///
    /// # Errors
    /// If either sample is empty or holds what is not finite, or if the mean of
    /// the denominators is not positive.
    pub fn ratio_of_means(&self, ratio: Ratio<'_>) -> Result<Estimate, SampleError> {
        sample::check(ratio.numerator)?;
        sample::check(ratio.denominator)?;
        let numerator = sample::sorted(ratio.numerator);
        let denominator = sample::sorted(ratio.denominator);
        let (above, below) = (Mean::of(&numerator).value, Mean::of(&denominator).value);
        if below <= 0.0 {
            return Err(SampleError::Denominator { value: below });
        }
        let n = numerator.len().min(denominator.len());
        let estimate = estimate_of(above / below, n);
        if n > 1 && is_constant(&numerator) && (is_constant(&denominator) || above == 0.0) {
            // The largest denominator is positive, because their mean is.
            return Ok(self.exact(numerator[0] / denominator[denominator.len() - 1], n));
        }
        if n == 1 || above <= 0.0 {
            return Ok(estimate(None));
        }
        Ok(estimate(Some(self.interval_of_ratio(&numerator, &denominator))))
    }

    /// The ratio of paired samples, such as two systems measured in the same
    /// round: the geometric mean of the quotients of the pairs.
    ///
    /// What slows both halves of a pair by the same factor cancels, and the
    /// ratio of the exchanged samples is exactly the inverse.
    ///
    /// # Errors
    /// If the samples are empty, differ in length or hold what is not finite, if
    /// a denominator is not positive, or if quotients differ and one is not positive.
    pub fn paired_ratio(&self, ratio: Ratio<'_>) -> Result<Estimate, SampleError> {
        let quotients = sample::sorted(&quotients(ratio)?);
        let n = quotients.len();
        if n > 1 && is_constant(&quotients) {
            return Ok(self.exact(quotients[0], n));
        }
        if quotients[0] <= 0.0 {
            return Err(SampleError::QuotientNotPositive { quotient: quotients[0] });
        }
        let logarithms: Vec<f64> = quotients.iter().map(|quotient| quotient.ln()).collect();
        let estimate = estimate_of(Mean::of(&logarithms).value.exp(), n);
        if n == 1 {
            return Ok(estimate(None));
        }
        let (interval, method) = self.interval_of_mean(&logarithms, Scale::Linear);
        let Interval { low, high, confidence } = interval;
        let interval = Interval { low: low.exp(), high: high.exp(), confidence };
        Ok(estimate(Some((interval, method))))
    }

    fn interval_of_mean(&self, samples: &[f64], scale: Scale) -> (Interval, Method) {
        let mut drawn = vec![0.0; samples.len()];
        let pivot = Pivot::of_mean(samples, scale);
        self.interval(pivot, scale, &[samples.len()], |random| {
            draw(samples, &mut drawn, random);
            Pivot::of_mean(&drawn, scale)
        })
    }

    fn interval_of_ratio(&self, numerator: &[f64], denominator: &[f64]) -> (Interval, Method) {
        let mut above = vec![0.0; numerator.len()];
        let mut below = vec![0.0; denominator.len()];
        let pivot = Pivot::of_ratio(numerator, denominator);
        let sizes = [numerator.len(), denominator.len()];
        self.interval(pivot, Scale::Logarithmic, &sizes, |random| {
            draw(numerator, &mut above, random);
            draw(denominator, &mut below, random);
            Pivot::of_ratio(&above, &below)
        })
    }

    /// Resamples where that covers better and is possible; Student's t otherwise.
    fn interval(
        &self,
        pivot: Pivot,
        scale: Scale,
        sizes: &[usize],
        resample: impl FnMut(&mut Pcg64) -> Pivot,
    ) -> (Interval, Method) {
        let resampled = sizes.iter().all(|n| (RESAMPLED_MIN..=RESAMPLED_MAX).contains(n));
        resampled
            .then(|| pivot.studentised(self, scale, resample))
            .flatten()
            .map(|interval| (interval, Method::BootstrapT))
            .unwrap_or_else(|| (pivot.student(self.confidence, scale), Method::StudentT))
    }

    /// The estimate of what did not vary at all.
    fn exact(&self, value: f64, n: usize) -> Estimate {
        let interval = Interval { low: value, high: value, confidence: self.confidence };
        Estimate { value, interval: Some(interval), n, method: Method::Exact }
    }
}

/// An estimate that still lacks its interval.
fn estimate_of(value: f64, n: usize) -> impl Fn(Option<(Interval, Method)>) -> Estimate {
    move |made| Estimate {
        value,
        interval: made.map(|(interval, _)| interval),
        n,
        method: made.map_or(Method::StudentT, |(_, method)| method),
    }
}

/// Each numerator divided by its denominator.
fn quotients(Ratio { numerator, denominator }: Ratio<'_>) -> Result<Vec<f64>, SampleError> {
    sample::check(numerator)?;
    sample::check(denominator)?;
    if numerator.len() != denominator.len() {
        let (numerators, denominators) = (numerator.len(), denominator.len());
        return Err(SampleError::Unpaired { numerators, denominators });
    }
    if let Some(&smallest) = denominator.iter().min_by(|a, b| a.total_cmp(b))
        && smallest <= 0.0
    {
        return Err(SampleError::Denominator { value: smallest });
    }
    Ok(numerator.iter().zip(denominator).map(|(above, below)| above / below).collect())
}

/// Fills `drawn` with samples, drawn with replacement.
fn draw(samples: &[f64], drawn: &mut [f64], random: &mut Pcg64) {
    drawn.fill_with(|| samples[random.random_range(0..samples.len())]);
}

/// Whether all values of an ascending sample are the same.
fn is_constant(sorted: &[f64]) -> bool {
    sorted.first() == sorted.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { confidence: 0.95, resamples: 1_000, seed: 1 };

    fn ratio<'a>(numerator: &'a [f64], denominator: &'a [f64]) -> Ratio<'a> {
        Ratio { numerator, denominator }
    }

    #[track_caller]
    fn check(estimate: Estimate, value: f64, low: f64, high: f64, method: Method) {
        let interval = estimate.interval.expect("the estimate has an interval");
        for (found, expected) in
            [(estimate.value, value), (interval.low, low), (interval.high, high)]
        {
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
        assert_eq!(estimate.method, method);
    }

    #[test]
    fn a_small_signed_sample_has_students_interval() {
        // Mean 0, variance 1, three values: 4.302653 / √3 either way.
        let estimate = BOOTSTRAP.mean(&[-1.0, 0.0, 1.0]).unwrap();
        check(estimate, 0.0, -2.484_138, 2.484_138, Method::StudentT);
    }

    #[test]
    fn a_small_positive_sample_has_students_interval_of_the_logarithm() {
        // Mean 2, relative error 1 / (2 √3): 2 · exp(∓4.302653 · 0.288675).
        let estimate = BOOTSTRAP.mean(&[1.0, 2.0, 3.0]).unwrap();
        check(estimate, 2.0, 0.577_572, 6.925_540, Method::StudentT);
    }

    #[test]
    fn a_small_ratio_has_welchs_degrees_of_freedom() {
        // Equal relative errors of 1 / (2 √3) and sizes: 4 degrees, t = 2.776445,
        // and 2 · exp(∓2.776445 · √(2 / 12)).
        let estimate = BOOTSTRAP.ratio_of_means(ratio(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0])).unwrap();
        check(estimate, 2.0, 0.643_823, 6.212_890, Method::StudentT);
    }

    #[test]
    fn a_ratio_of_pairs_is_the_geometric_mean_of_their_quotients() {
        // Quotients 1, 2, 4: logarithms 0, 1, 2 times ln 2, so that the ends are
        // 2 · 2^∓(4.302653 / √3).
        let estimate = BOOTSTRAP.paired_ratio(ratio(&[1.0, 6.0, 20.0], &[1.0, 3.0, 5.0])).unwrap();
        check(estimate, 2.0, 0.357_462, 11.189_997, Method::StudentT);
    }

    #[test]
    fn from_eight_values_on_means_are_resampled() {
        let numbers: Vec<f64> = (1..=8).map(f64::from).collect();
        assert_eq!(BOOTSTRAP.mean(&numbers[..7]).unwrap().method, Method::StudentT);
        assert_eq!(BOOTSTRAP.mean(&numbers).unwrap().method, Method::BootstrapT);
        let mixed = BOOTSTRAP.ratio_of_means(ratio(&numbers, &numbers[..7])).unwrap();
        assert_eq!((mixed.method, mixed.n), (Method::StudentT, 7));
    }

    #[test]
    fn a_sample_that_hardly_varies_falls_back_to_student() {
        let mut counts = [5.0; 8];
        counts[0] = 6.0;
        let estimate = BOOTSTRAP.mean(&counts).unwrap();
        assert_eq!(estimate.method, Method::StudentT);
        assert!(estimate.interval.unwrap().width() > 0.0);
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(BOOTSTRAP.mean(&[1.5]).unwrap().interval, None);
        let means = BOOTSTRAP.ratio_of_means(ratio(&[3.0], &[1.0, 2.0])).unwrap();
        assert_eq!((means.value, means.interval, means.n), (2.0, None, 1));
        let pairs = BOOTSTRAP.paired_ratio(ratio(&[3.0], &[1.5])).unwrap();
        assert_eq!((pairs.interval, pairs.n), (None, 1));
    }

    #[test]
    fn identical_values_are_exact() {
        check(BOOTSTRAP.mean(&[0.1; 3]).unwrap(), 0.1, 0.1, 0.1, Method::Exact);
        check(BOOTSTRAP.mean(&[0.0; 30]).unwrap(), 0.0, 0.0, 0.0, Method::Exact);
        let means = BOOTSTRAP.ratio_of_means(ratio(&[3.0; 4], &[2.0; 2])).unwrap();
        check(means, 1.5, 1.5, 1.5, Method::Exact);
        let pairs = BOOTSTRAP.paired_ratio(ratio(&[2.0, 4.0], &[1.0, 2.0])).unwrap();
        check(pairs, 2.0, 2.0, 2.0, Method::Exact);
    }

    #[test]
    fn nothing_divided_by_something_is_exactly_nothing() {
        let means = BOOTSTRAP.ratio_of_means(ratio(&[0.0; 3], &[0.0, 2.0, 3.0])).unwrap();
        check(means, 0.0, 0.0, 0.0, Method::Exact);
        let pairs = BOOTSTRAP.paired_ratio(ratio(&[0.0; 3], &[1.0, 2.0, 3.0])).unwrap();
        check(pairs, 0.0, 0.0, 0.0, Method::Exact);
    }

    #[test]
    fn the_interval_of_a_positive_quantity_stays_positive() {
        let interval = BOOTSTRAP.mean(&[0.0, 0.0, 9.0]).unwrap().interval.unwrap();
        assert!(interval.low > 0.0 && interval.contains(3.0), "{interval:?}");
        let skewed = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 90.0];
        let interval = BOOTSTRAP.mean(&skewed).unwrap().interval.unwrap();
        assert!(interval.low > 0.0 && interval.high.is_finite(), "{interval:?}");
    }

    #[test]
    fn a_ratio_whose_denominator_is_not_positive_is_refused() {
        let error = BOOTSTRAP.ratio_of_means(ratio(&[1.0, 2.0], &[-1.0, 1.0])).unwrap_err();
        assert!(error.to_string().starts_with("a denominator is 0"), "{error}");
        let pairs = BOOTSTRAP.paired_ratio(ratio(&[1.0, 2.0], &[1.0, -1.0]));
        assert_eq!(pairs, Err(SampleError::Denominator { value: -1.0 }));
    }

    #[test]
    fn a_negative_numerator_has_a_ratio_of_means_without_an_interval() {
        let means = BOOTSTRAP.ratio_of_means(ratio(&[-1.0, -3.0], &[1.0, 3.0])).unwrap();
        assert_eq!((means.value, means.interval), (-1.0, None));
        let pairs = BOOTSTRAP.paired_ratio(ratio(&[-1.0, 3.0], &[1.0, 3.0]));
        assert_eq!(pairs, Err(SampleError::QuotientNotPositive { quotient: -1.0 }));
    }

    #[test]
    fn samples_of_different_lengths_make_no_pairs() {
        let error = BOOTSTRAP.paired_ratio(ratio(&[1.0, 2.0], &[1.0])).unwrap_err();
        assert_eq!(error, SampleError::Unpaired { numerators: 2, denominators: 1 });
    }

    #[test]
    #[should_panic(expected = "resample more often")]
    fn too_few_resamples_are_refused() {
        let numbers: Vec<f64> = (1..=8).map(f64::from).collect();
        let hasty = Bootstrap { resamples: 10, ..BOOTSTRAP };
        assert!(hasty.mean(&numbers).is_err(), "a panic comes first");
    }
}

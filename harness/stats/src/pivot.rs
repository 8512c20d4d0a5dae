//! Studentised quantities: a centre, its standard error, and the interval.
//!
//! A quantity of positive samples is studentised on the logarithmic scale,
//! where the noise of times and sizes is nearer to symmetric, and where an
//! interval cannot reach below zero.

use rand::SeedableRng;
use rand_pcg::Pcg64;

use crate::{bootstrap::Bootstrap, interval::Interval, special::student_quantile};

/// A centre with its standard error and that error's degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pivot {
    centre: f64,
    error: f64,
    freedom: f64,
}

/// The scale on which a pivot is linear.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scale {
    Linear,
    Logarithmic,
}

/// The mean of a sample and the squared standard error of that mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    pub(crate) value: f64,
    squared_error: f64,
    n: usize,
}

impl Mean {
    pub(crate) fn of(samples: &[f64]) -> Mean {
        let n = samples.len() as f64;
        let value = samples.iter().sum::<f64>() / n;
        let squares: f64 = samples.iter().map(|sample| (sample - value).powi(2)).sum();
        Mean { value, squared_error: squares / (n * (n - 1.0)), n: samples.len() }
    }

    fn freedom(&self) -> f64 {
        (self.n - 1) as f64
    }
}

impl Pivot {
    pub(crate) fn of_mean(samples: &[f64], scale: Scale) -> Pivot {
        let mean = Mean::of(samples);
        let error = mean.squared_error.sqrt();
        match scale {
            Scale::Linear => Pivot { centre: mean.value, error, freedom: mean.freedom() },
            Scale::Logarithmic => Pivot {
                centre: ln_or_lowest(mean.value),
                error: error / mean.value,
                freedom: mean.freedom(),
            },
        }
    }

    /// The logarithm of the ratio of two independent means; degrees of freedom after Welch.
    pub(crate) fn of_ratio(numerator: &[f64], denominator: &[f64]) -> Pivot {
        let (above, below) = (Mean::of(numerator), Mean::of(denominator));
        let shares = [above, below].map(|mean| mean.squared_error / mean.value.powi(2));
        let sum = shares[0] + shares[1];
        let welch = shares[0].powi(2) / above.freedom() + shares[1].powi(2) / below.freedom();
        Pivot {
            centre: ln_or_lowest(above.value) - ln_or_lowest(below.value),
            error: sum.sqrt(),
            freedom: sum * sum / welch,
        }
    }

    /// The interval by Student's t.
    pub(crate) fn student(&self, confidence: f64, scale: Scale) -> Interval {
        let t = student_quantile(0.5 + 0.5 * confidence, self.freedom);
        self.between(-t, t, confidence, scale)
    }

    /// The interval by the distribution of t among the resamples; none where
    /// so many resamples have no spread that its ends would be infinite.
    pub(crate) fn studentised(
        &self,
        bootstrap: &Bootstrap,
        scale: Scale,
        mut resample: impl FnMut(&mut Pcg64) -> Pivot,
    ) -> Option<Interval> {
        let mut random = Pcg64::seed_from_u64(bootstrap.seed);
        let mut deviations: Vec<f64> =
            (0..bootstrap.resamples).map(|_| self.deviation(&resample(&mut random))).collect();
        deviations.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - bootstrap.confidence);
        let rank = (tail * (deviations.len() + 1) as f64).floor() as usize;
        assert!(
            rank >= 1,
            "{} resamples have no tail of {tail}: resample more often",
            deviations.len()
        );
        let (low, high) = (deviations[rank - 1], deviations[deviations.len() - rank]);
        (low.is_finite() && high.is_finite())
            .then(|| self.between(low, high, bootstrap.confidence, scale))
    }

    /// How far a resample lies from the sample, in its own standard errors.
    fn deviation(&self, resample: &Pivot) -> f64 {
        // A resample that drew the same value throughout has an error of zero
        // but for rounding, and one whose mean is zero has none on the
        // logarithmic scale: they say only on which side they lie.
        const SPREAD_MIN: f64 = 1e-9;
        let distance = resample.centre - self.centre;
        if resample.error.is_finite() && resample.error > SPREAD_MIN * self.error {
            distance / resample.error
        } else {
            f64::INFINITY.copysign(distance)
        }
    }

    /// The values whose deviation lies between the two.
    fn between(&self, low: f64, high: f64, confidence: f64, scale: Scale) -> Interval {
        let end = |deviation: f64| {
            let shifted = self.centre - deviation * self.error;
            match scale {
                Scale::Linear => shifted,
                Scale::Logarithmic => shifted.exp(),
            }
        };
        Interval { low: end(high), high: end(low), confidence }
    }
}

/// The logarithm, and −∞ for what is not positive, as a resample may be.
fn ln_or_lowest(value: f64) -> f64 {
    value.max(0.0).ln()
}

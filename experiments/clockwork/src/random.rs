//! Random numbers from a seeded stream. Written out, because what a seed means must
//! not change with a dependency's version.

use std::f64::consts::TAU;

use rand::Rng as _;
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers: the same for the same seed and purpose.
#[derive(Debug, Clone)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    /// A stream for one `purpose` of a run, such as the number of a function.
    pub(crate) fn new(seed: u64, purpose: u64) -> Random {
        let mut random = Random(Pcg64Mcg::new(u128::from(seed) << 64 | u128::from(purpose) << 1));
        // Close seeds give close first numbers, until the multiplier has spread them.
        for _ in 0..4 {
            random.bits();
        }
        random
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to 1, both excluded.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// An integer below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A number of the exponential distribution with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// A number of the standard normal distribution, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }

    /// A number of the Poisson distribution. Above a mean of 64 it is the rounded
    /// normal one, whose error is below what a sample of a day's minutes shows.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 64.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (mut n, mut product, limit) = (0, self.uniform(), (-mean).exp());
        while product > limit {
            n += 1;
            product *= self.uniform();
        }
        n
    }

    /// Puts all items in a random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks mean and variance of a million draws within 5 standard errors, for a
    /// distribution whose fourth moment is at most `kurtosis` times its variance squared.
    #[track_caller]
    fn check(mean: f64, variance: f64, kurtosis: f64, mut draw: impl FnMut(&mut Random) -> f64) {
        let mut random = Random::new(7, 0);
        let draws: Vec<f64> = (0..1_000_000).map(|_| draw(&mut random)).collect();
        let found = draws.iter().sum::<f64>() / 1e6;
        let spread = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 1e6;
        assert!((found - mean).abs() < 5.0 * (variance / 1e6).sqrt(), "mean {found}, not {mean}");
        let error = variance * (kurtosis / 1e6).sqrt();
        assert!((spread - variance).abs() < 5.0 * error, "variance {spread}, not {variance}");
    }

    #[test]
    fn exponential_and_normal_numbers_have_their_moments() {
        check(1.0, 1.0, 9.0, Random::exponential);
        check(0.0, 1.0, 3.0, Random::normal);
    }

    #[test]
    fn poisson_numbers_have_a_variance_that_is_their_mean() {
        for mean in [0.01, 3.0, 60.0, 70.0, 1e4] {
            check(mean, mean, 3.0 + 1.0 / mean, |random| random.poisson(mean) as f64);
        }
    }

    #[test]
    fn streams_of_neighbouring_purposes_are_not_alike() {
        let first = |purpose| Random::new(7, purpose).uniform();
        let firsts: Vec<f64> = (0..10_000).map(first).collect();
        let mean = firsts.iter().sum::<f64>() / 1e4;
        let product = firsts.windows(2).map(|two| (two[0] - 0.5) * (two[1] - 0.5)).sum::<f64>();
        // Twelfths are the variance; both within 4 standard errors of independence.
        assert!((mean - 0.5).abs() < 4.0 / 12.0_f64.sqrt() / 100.0, "{mean}");
        assert!((product * 12.0 / 1e4).abs() < 4.0 / 100.0, "{product}");
    }

    #[test]
    fn streams_of_neighbouring_seeds_are_not_alike() {
        for purpose in [0, 1 << 62] {
            let (mut one, mut other) = (Random::new(7, purpose), Random::new(8, purpose));
            let product = (0..100_000).map(|_| one.normal() * other.normal()).sum::<f64>();
            // Of independent normal numbers: within 4 standard errors of 0.
            assert!(product.abs() < 4.0 * 1e5_f64.sqrt(), "{product}");
        }
    }

    #[test]
    fn a_seed_means_one_stream_for_ever() {
        let mut random = Random::new(7, 1);
        insta::assert_compact_debug_snapshot!([random.below(1000), random.below(1000), random.below(1000)], @"[454, 70, 833]");
    }
}

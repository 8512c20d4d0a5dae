//! Random numbers from a seeded stream. Written out, because a data set must not change with a dependency's version.

use std::f64::consts::TAU;

use rand::Rng as _;
use rand_pcg::Pcg64;

pub(super) struct Random(Pcg64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        const STREAM: u128 = 0x7263_7631;
        Random(Pcg64::new(u128::from(seed), STREAM))
    }

    /// A number from 0 to 1, both excluded.
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// An integer below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A number of the standard normal distribution, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(7);
        let numbers: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|number| number * number).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn a_seed_means_one_stream_for_ever() {
        let mut random = Random::new(7);
        let numbers = [random.below(1000), random.below(1000), random.below(1000)];
        assert_eq!(numbers, [956, 795, 667]);
    }
}

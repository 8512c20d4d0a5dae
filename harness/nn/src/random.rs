//! Normal random numbers from a seed, always the same: weights must not change with a dependency's version.

use std::f64::consts::TAU;

use rand::Rng as _;
use rand_pcg::Pcg64;

pub(crate) struct Random(Pcg64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        const STREAM: u128 = 0x6e6e_7765;
        Self(Pcg64::new(u128::from(seed), STREAM))
    }

    /// A number of the standard normal distribution, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }

    /// A number from 0 to 1, both excluded.
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }
}

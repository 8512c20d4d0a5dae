//! Seeded noise with a known mean, for tests that need the truth.

use rand::RngExt;
use rand_pcg::Pcg64;

/// A distribution of a positive quantity.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Noise {
    /// Mean 1, standard deviation 0.2.
    Normal,
    /// The exponential of a normal variable with this standard deviation.
    LogNormal(f64),
    /// Mean 1.
    Exponential,
}

impl Noise {
    pub(crate) fn draw(self, random: &mut Pcg64) -> f64 {
        match self {
            Noise::Normal => 1.0 + 0.2 * normal(random),
            Noise::LogNormal(sigma) => (sigma * normal(random)).exp(),
            Noise::Exponential => -uniform(random).ln(),
        }
    }

    pub(crate) fn sample(self, n: usize, random: &mut Pcg64) -> Vec<f64> {
        (0..n).map(|_| self.draw(random)).collect()
    }

    pub(crate) fn mean(self) -> f64 {
        match self {
            Noise::Normal | Noise::Exponential => 1.0,
            Noise::LogNormal(sigma) => (0.5 * sigma * sigma).exp(),
        }
    }
}

/// A standard normal variable, by Box and Muller.
pub(crate) fn normal(random: &mut Pcg64) -> f64 {
    let angle = std::f64::consts::TAU * uniform(random);
    (-2.0 * uniform(random).ln()).sqrt() * angle.cos()
}

/// Between 0, excluded, and 1, included.
fn uniform(random: &mut Pcg64) -> f64 {
    1.0 - random.random::<f64>()
}

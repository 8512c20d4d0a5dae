//! Inputs that are made up: images of noise.

use std::collections::HashMap;

use crate::random::Random;

/// Different inputs of each size, as many as the original brings along.
const N_OF_EACH: usize = 20;

/// Keeps them apart from workloads of the same seed.
const PURPOSE: u64 = 1 << 61;

/// Inputs by their sizes, made when they are first asked for.
pub(super) struct Inputs {
    random: Random,
    pools: HashMap<usize, Vec<Vec<u8>>>,
}

impl Inputs {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed, PURPOSE), pools: HashMap::new() }
    }

    /// An input of so many bytes: numbers of 32 bits from 0 to 1.
    pub(super) fn any(&mut self, n_bytes: usize) -> &[u8] {
        let random = &mut self.random;
        let pool = self
            .pools
            .entry(n_bytes)
            .or_insert_with(|| (0..N_OF_EACH).map(|_| noise(random, n_bytes)).collect());
        &pool[random.below(N_OF_EACH)]
    }
}

fn noise(random: &mut Random, n_bytes: usize) -> Vec<u8> {
    let floats = std::iter::repeat_with(|| (random.uniform() as f32).to_le_bytes());
    floats.flatten().take(n_bytes).collect()
}

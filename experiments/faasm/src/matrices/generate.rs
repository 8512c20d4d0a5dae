//! Random factors, as the original draws them, but from a seed.

use std::{fs, path::Path};

use anyhow::Context as _;
use rand::Rng as _;
use rand_pcg::Pcg64;

use super::{Factor, Layout};

/// Writes both factors into `dir`: uniform on [0, 1), in blocks.
///
/// Each block has a random stream of its own, so it depends on nothing but the
/// seed and its place.
///
/// # Errors
/// If a file cannot be written.
pub fn generate(layout: Layout, seed: u64, dir: &Path) -> anyhow::Result<()> {
    layout.write(dir)?;
    let n_values = layout.block_size().pow(2);
    for (n_factor, factor) in [Factor::A, Factor::B].into_iter().enumerate() {
        for row in 0..layout.n_blocks() {
            for column in 0..layout.n_blocks() {
                let place = (n_factor * layout.n_blocks() + row) * layout.n_blocks() + column;
                let path = dir.join(layout.name(factor, row, column));
                fs::write(&path, block(seed, place, n_values))
                    .with_context(|| format!("write {}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn block(seed: u64, place: usize, n_values: usize) -> Vec<u8> {
    let mut random = Pcg64::new(u128::from(seed), place as u128);
    (0..n_values).flat_map(|_| uniform(random.next_u32()).to_le_bytes()).collect()
}

/// A float of [0, 1) with all the 24 bits that it has there.
fn uniform(bits: u32) -> f32 {
    (bits >> 8) as f32 / (1_u32 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(seed: u64) -> Vec<f32> {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(64, 2).unwrap();
        generate(layout, seed, dir.path()).unwrap();
        assert_eq!(Layout::read(dir.path()).unwrap(), layout);
        let (a, b) = (layout.matrix(dir.path(), Factor::A), layout.matrix(dir.path(), Factor::B));
        [a.unwrap(), b.unwrap()].concat()
    }

    #[test]
    fn the_seed_decides_every_value() {
        assert_eq!(generated(1), generated(1));
        assert_ne!(generated(1), generated(2));
    }

    #[test]
    fn the_values_are_uniform_between_0_and_1() {
        let values = generated(3);
        assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
        // Four standard deviations of the mean of 8,192 of them.
        assert!((mean - 0.5).abs() < 4.0 * (1.0_f64 / 12.0 / 8192.0).sqrt(), "{mean}");
    }

    #[test]
    fn no_two_blocks_are_alike() {
        let blocks: std::collections::BTreeSet<_> = (0..32).map(|n| block(7, n, 16)).collect();
        assert_eq!(blocks.len(), 32);
    }
}

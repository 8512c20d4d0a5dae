//! The matrices of a run, one pair of each size, generated in bulk ahead of time.

use std::path::Path;

use faasm::matrices::{Layout, generate};
use harness::dataset::{About, Cache, DataKind, DataSet, DataUsed};

use super::params::Params;

/// Changes whenever the generator or the layout does.
const GENERATOR_VERSION: u32 = 1;

/// Every trial multiplies the same matrices.
const GENERATOR_SEED: u64 = 0x6d61_7478;

/// Random matrices, in blocks.
pub(crate) struct Blocks;

impl DataSet for Blocks {
    fn about(&self) -> About {
        About {
            name: "matrices",
            source: "random, in the original too",
            licence: "none: generated",
            size: "8 bytes for each entry, two matrices a size; 1.6 GB for the paper's sizes",
            substitute_cannot_show: "nothing: the original draws its matrices as well, without a seed",
        }
    }

    fn prepare(&self, _: &Path, _: &Path) -> anyhow::Result<()> {
        anyhow::bail!(
            "matrices have no original to prepare\n(hint: cargo xtask data generate matrices)"
        )
    }
}

/// Generates the matrices of every size, or finds them in the cache.
pub(crate) fn ready(params: &Params, cache: &Cache) -> anyhow::Result<Vec<DataUsed>> {
    let of_size = |size: &usize| {
        let layout = Layout::new(*size, params.splits)?;
        let key = format!("generated-v{GENERATOR_VERSION}-{size}x{size}_{}", params.splits);
        let (dir, sha256) =
            cache.entry("matrices", &key, |into| generate(layout, GENERATOR_SEED, into))?;
        Ok(DataUsed { name: name(*size), kind: DataKind::Generated, dir, sha256 })
    };
    params.sizes.iter().map(of_size).collect()
}

/// What the pair of one size is called in a run.
pub(crate) fn name(size: usize) -> String {
    format!("matrices-{size}")
}

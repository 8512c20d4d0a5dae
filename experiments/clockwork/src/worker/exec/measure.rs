//! How long this machine takes: the table that a controller is told.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use candle_core::{DType, Device, Tensor};

use super::{
    image::Image,
    network::{Network, Place},
};
use crate::{models::Variety, time::Nanos};

/// The batch sizes that workers execute, if nothing else is asked.
pub const BATCH_SIZES: [u32; 3] = [1, 2, 4];

/// Measures how long weights take to load and batches to execute: the median of
/// `n_runs`, after one that is not counted.
///
/// # Errors
/// If there is no such place, or it fails.
pub fn measure(image: &Image, place: Place, batch_sizes: &[u32], n_runs: usize) -> Result<Variety> {
    ensure!(
        !batch_sizes.is_empty() && batch_sizes.is_sorted_by(|a, b| a < b) && batch_sizes[0] > 0,
        "batch sizes {batch_sizes:?} do not ascend from 1 or more"
    );
    ensure!(n_runs > 0, "nothing is measured in 0 runs");
    let architecture = image.architecture();
    let what = || format!("measure {}", architecture.name);
    let device = place.device()?;
    let load = || Network::load(image, &device);
    let network = load().with_context(what)?;
    let load = median(n_runs, || load().map(drop)).with_context(what)?;
    let execs = batch_sizes.iter().map(|batch_size| {
        let inputs = inputs(*batch_size, architecture.side, &device)?;
        Ok((*batch_size, median(n_runs, || network.forward(&inputs).map(drop))?))
    });
    let exec = execs.collect::<candle_core::Result<Vec<_>>>().with_context(what)?;
    Ok(Variety {
        name: architecture.name.to_owned(),
        weights_bytes: image.bytes(),
        input_bytes: architecture.input_bytes() as u64,
        output_bytes: architecture.output_bytes() as u64,
        load,
        exec: ascending(exec),
        is_rounded: false,
    })
}

fn inputs(batch_size: u32, side: usize, device: &Device) -> candle_core::Result<Tensor> {
    Tensor::ones((batch_size as usize, 3, side, side), DType::F32, device)
}

fn median(
    n_runs: usize,
    mut run: impl FnMut() -> candle_core::Result<()>,
) -> candle_core::Result<Nanos> {
    run()?;
    let mut times = Vec::with_capacity(n_runs);
    for _ in 0..n_runs {
        let began = Instant::now();
        run()?;
        times.push(began.elapsed().as_nanos() as Nanos);
    }
    times.sort_unstable();
    Ok(times[n_runs / 2])
}

/// A larger batch takes no less time, whatever disturbed the smaller one's runs.
fn ascending(mut exec: Vec<(u32, Nanos)>) -> Vec<(u32, Nanos)> {
    for index in 1..exec.len() {
        exec[index].1 = exec[index].1.max(exec[index - 1].1);
    }
    exec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_batch_takes_no_less_time() {
        assert_eq!(ascending(vec![(1, 5), (2, 3), (4, 9)]), [(1, 5), (2, 5), (4, 9)]);
    }
}

//! How long this machine takes: the table that a controller is told.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use candle_core::{DType, Device, Tensor};

use super::{
    image::Image,
    network::{Network, Place},
};
use crate::{models::Variety, time::Nanos};

/// The batch sizes that workers execute, if nothing else is asked.
pub const BATCH_SIZES: [u32; 3] = [1, 2, 4];

/// Runs beyond which the median would hardly change.
const N_RUNS_MAX: usize = 5;

/// Measures how long weights take to load and batches to execute: for each the median
/// of a few runs, as many as begin within `budget` and at least one, after others
/// that are not counted.
///
/// # Errors
/// If there is no such place, or it fails.
pub fn measure(
    image: &Image,
    place: Place,
    batch_sizes: &[u32],
    budget: Duration,
) -> Result<Variety> {
    ensure!(
        !batch_sizes.is_empty() && batch_sizes.is_sorted_by(|a, b| a < b) && batch_sizes[0] > 0,
        "batch sizes {batch_sizes:?} do not ascend from 1 or more"
    );
    let device = place.device()?;
    let times = Times::measure(image, &device, batch_sizes, budget);
    let Times { load, exec } =
        times.with_context(|| format!("measure {}", image.architecture().name))?;
    let architecture = image.architecture();
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

struct Times {
    load: Nanos,
    exec: Vec<(u32, Nanos)>,
}

impl Times {
    fn measure(
        image: &Image,
        device: &Device,
        batch_sizes: &[u32],
        budget: Duration,
    ) -> candle_core::Result<Self> {
        let side = image.architecture().side;
        let inputs = |batch_size: u32| {
            Tensor::ones((batch_size as usize, 3, side, side), DType::F32, device)
        };
        let network = Network::load(image, device)?;
        let load = median(budget, || Network::load(image, device).map(drop))?;
        network.forward(&inputs(batch_sizes[0])?)?;
        let mut exec = Vec::new();
        for batch_size in batch_sizes {
            let inputs = inputs(*batch_size)?;
            exec.push((*batch_size, median(budget, || network.forward(&inputs).map(drop))?));
        }
        Ok(Self { load, exec })
    }
}

fn median(
    budget: Duration,
    mut run: impl FnMut() -> candle_core::Result<()>,
) -> candle_core::Result<Nanos> {
    let began = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || (times.len() < N_RUNS_MAX && began.elapsed() < budget) {
        let began = Instant::now();
        run()?;
        times.push(began.elapsed().as_nanos() as Nanos);
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
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

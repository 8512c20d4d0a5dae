//! A GPU that is not there: it takes the table's times, with or without noise.

use super::device::{Batch, Device, Progress};
use crate::{
    message::ModelId,
    models::Variety,
    random::Random,
    time::{MICROSECOND, Nanos},
};

/// A V100 whose clock is locked, as the published runs have it.
const CLOCK_MHZ: u32 = 1380;

/// Keeps the noise apart from workloads of the same seed, whose purposes are small.
const PURPOSE: u64 = 1 << 62;

/// How emulated times differ from the table's.
///
/// These numbers are inputs, not results. [`Noise::V100`] is chosen so that the
/// errors of predicted executions are within a factor of three of the published
/// (99 % of those that take longer than predicted by at most 144 us, of those that
/// take less by 55 us): claims about such errors are not exercised by emulated
/// workers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The standard deviation of the logarithm of (actual / table) time.
    pub log_deviation: f64,
    /// The share of executions and loads that are slow.
    pub slow_share: f64,
    /// How much longer a slow one takes on average; the excess is exponential.
    pub slow_excess_mean: Nanos,
    /// How fast inputs and outputs are copied, in bytes per nanosecond (GB/s).
    pub copy_bytes_per_ns: f64,
}

impl Noise {
    /// The noise of a V100 with locked clocks, by our choice; copies go at the rate
    /// at which the table's weights are loaded (102.2 MB in 8.32 ms).
    pub const V100: Self = Self {
        log_deviation: 0.0020,
        slow_share: 0.0013,
        slow_excess_mean: 300 * MICROSECOND,
        copy_bytes_per_ns: 12.28,
    };
}

/// An emulated GPU.
#[derive(Debug, Clone)]
pub struct EmulatedDevice {
    noise: Option<(Noise, Random)>,
}

impl EmulatedDevice {
    /// One that takes exactly the table's times, and copies inputs and outputs in
    /// no time, as the original's `worker_dummy` does.
    #[must_use]
    pub fn exact() -> Self {
        Self { noise: None }
    }

    /// One whose times vary. Give each GPU a seed of its own.
    #[must_use]
    pub fn noisy(noise: Noise, seed: u64) -> Self {
        Self { noise: Some((noise, Random::new(seed, PURPOSE))) }
    }

    fn varied(&mut self, table: Nanos) -> Nanos {
        let Some((noise, random)) = &mut self.noise else { return table };
        let mut actual = table as f64 * (noise.log_deviation * random.normal()).exp();
        if random.chance(noise.slow_share) {
            actual += noise.slow_excess_mean as f64 * random.exponential();
        }
        actual.round() as Nanos
    }

    fn copied(&self, bytes: u64) -> Nanos {
        self.noise
            .as_ref()
            .map_or(0, |(noise, _)| (bytes as f64 / noise.copy_bytes_per_ns) as Nanos)
    }
}

impl Device for EmulatedDevice {
    fn load(&mut self, _: ModelId, variety: &Variety) -> Progress {
        Progress::Takes(self.varied(variety.load))
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        let table = batch.variety.exec_at(batch.batch_size);
        let table = table.expect("a GPU executes compiled batch sizes only");
        Progress::Takes(self.varied(table))
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        Progress::Takes(self.copied(batch.variety.input_bytes * u64::from(batch.batch_size)))
    }

    fn copy_output(&mut self, batch: &Batch<'_>) -> Progress {
        Progress::Takes(self.copied(batch.variety.output_bytes * u64::from(batch.batch_size)))
    }

    fn clock_mhz(&mut self) -> u32 {
        CLOCK_MHZ
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Catalogue;

    fn resnet50() -> &'static Variety {
        Catalogue::published().by_name("resnet50_v2").unwrap()
    }

    fn batch_of(variety: &Variety, batch_size: u32) -> Batch<'_> {
        Batch { action_id: 0, model: ModelId(0), variety, n_inputs: batch_size, batch_size }
    }

    fn execute(device: &mut EmulatedDevice, variety: &Variety) -> Nanos {
        match device.execute(&batch_of(variety, 1)) {
            Progress::Takes(duration) => duration,
            Progress::Running => unreachable!("an emulated device knows how long it takes"),
        }
    }

    #[test]
    fn an_exact_device_takes_the_tables_times_and_copies_in_none() {
        let (mut device, batch) = (EmulatedDevice::exact(), batch_of(resnet50(), 8));
        let load = device.load(ModelId(0), resnet50());
        assert_eq!(load, Progress::Takes(8_320 * MICROSECOND));
        assert_eq!(device.execute(&batch), Progress::Takes(9_930 * MICROSECOND));
        assert_eq!(device.copy_input(&batch), Progress::Takes(0));
        assert_eq!(device.copy_output(&batch), Progress::Takes(0));
    }

    #[test]
    fn a_seed_fixes_the_noise() {
        let times = |seed| {
            let mut device = EmulatedDevice::noisy(Noise::V100, seed);
            (0..9).map(|_| execute(&mut device, resnet50())).collect::<Vec<_>>()
        };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn noise_has_the_deviation_and_the_slow_share_that_it_is_given() {
        let noise = Noise { log_deviation: 0.01, slow_share: 0.1, ..Noise::V100 };
        let noise = Noise { slow_excess_mean: 100 * 2_730 * MICROSECOND, ..noise };
        let mut device = EmulatedDevice::noisy(noise, 3);
        let table = resnet50().exec_at(1).unwrap() as f64;
        let ratios = (0..100_000).map(|_| execute(&mut device, resnet50()) as f64 / table);
        let (usual, slow): (Vec<_>, Vec<_>) = ratios.partition(|ratio| *ratio < 1.1);
        let variance =
            usual.iter().map(|ratio| ratio.ln().powi(2)).sum::<f64>() / usual.len() as f64;
        // Five standard errors: of a deviation 0.2 %, of a share 1 %, of a mean 1 %.
        assert!((variance.sqrt() / 0.01 - 1.0).abs() < 0.013, "{variance}");
        assert!((slow.len() as f64 / 10_000.0 - 1.0).abs() < 0.05, "{}", slow.len());
        let mean = slow.iter().sum::<f64>() / slow.len() as f64;
        assert!((mean / 101.0 - 1.0).abs() < 0.05, "{mean}");
    }

    /// The prediction is the 99 % quantile of a variety's last ten executions; all
    /// deployed varieties have their turn, at batch size 1.
    #[test]
    fn the_noise_of_a_v100_gives_errors_of_the_published_order() {
        let mut device = EmulatedDevice::noisy(Noise::V100, 4);
        let (mut over, mut under) = (Vec::new(), Vec::new());
        for variety in Catalogue::published().deployed() {
            let mut window = [variety.exec_at(1).unwrap() as f64; 10];
            for index in 0..20_000 {
                let actual = execute(&mut device, variety) as f64;
                let mut sorted = window;
                sorted.sort_by(f64::total_cmp);
                let error = actual - (sorted[8] + 0.91 * (sorted[9] - sorted[8]));
                let errors = if error >= 0.0 { &mut over } else { &mut under };
                errors.push(error.abs());
                window[index % 10] = actual;
            }
        }
        let p99_us = |errors: &mut Vec<f64>| {
            errors.sort_by(f64::total_cmp);
            errors[errors.len() * 99 / 100] / MICROSECOND as f64
        };
        let (over, under) = (p99_us(&mut over), p99_us(&mut under));
        assert!((48.0..432.0).contains(&over), "{over} us");
        assert!((18.0..165.0).contains(&under), "{under} us");
    }
}

//! How often intervals miss the truth: seeded experiments against known noise.
//!
//! The expected shares are the table in the documentation of
//! [`stats::bootstrap`]; a change of method that moves one must move both.

use crate::noise::{Noise, normal};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use stats::{Bootstrap, Estimate, Interval, OrderedSample, Quantile, Ratio, SampleError, shifted};

const EXPERIMENTS: u64 = 2_000;

/// The share of experiments, in percent, whose interval misses the truth.
#[derive(Debug)]
struct Misses {
    /// The truth lies below the interval.
    below: f64,
    /// The truth lies above it.
    above: f64,
}

/// Runs the experiment with one seed after the other.
fn misses(truth: f64, mut experiment: impl FnMut(&mut Pcg64, u64) -> Interval) -> Misses {
    let mut random = Pcg64::seed_from_u64(5);
    let (mut below, mut above) = (0, 0);
    for seed in 0..EXPERIMENTS {
        let interval = experiment(&mut random, seed);
        below += u32::from(truth < interval.low);
        above += u32::from(truth > interval.high);
    }
    let percent = |count: u32| 100.0 * f64::from(count) / EXPERIMENTS as f64;
    Misses { below: percent(below), above: percent(above) }
}

fn bootstrap(seed: u64) -> Bootstrap {
    Bootstrap { confidence: 0.95, resamples: 500, seed }
}

fn interval_of(estimate: Result<Estimate, SampleError>) -> Interval {
    let estimate = estimate.expect("the noise is finite and positive");
    estimate.interval.expect("the sample is large enough for an interval")
}

fn of_mean(noise: Noise, n: usize) -> Misses {
    misses(noise.mean(), |random, seed| interval_of(bootstrap(seed).mean(&noise.sample(n, random))))
}

/// Of a quantity that may be negative: the same noise, shifted.
fn of_signed_mean(noise: Noise, n: usize) -> Misses {
    const SHIFT: f64 = -100.0;
    misses(noise.mean() + SHIFT, |random, seed| {
        let sample: Vec<f64> = noise.sample(n, random).iter().map(|x| x + SHIFT).collect();
        interval_of(bootstrap(seed).mean(&sample))
    })
}

fn of_ratio(noise: Noise, n: usize) -> Misses {
    misses(1.0, |random, seed| {
        let (numerator, denominator) = (noise.sample(n, random), noise.sample(n, random));
        let ratio = Ratio { numerator: &numerator, denominator: &denominator };
        interval_of(bootstrap(seed).ratio_of_means(ratio))
    })
}

/// Of pairs that share a factor which varies far more than the rest.
fn of_paired_ratio(noise: Noise, n: usize) -> Misses {
    misses(1.0, |random, seed| {
        let common: Vec<f64> = (0..n).map(|_| normal(random).exp()).collect();
        let half = |random: &mut Pcg64| -> Vec<f64> {
            common.iter().map(|factor| factor * noise.draw(random)).collect()
        };
        let (numerator, denominator) = (half(random), half(random));
        let ratio = Ratio { numerator: &numerator, denominator: &denominator };
        interval_of(bootstrap(seed).paired_ratio(ratio))
    })
}

/// Compares with what is documented for n = 3, 5, 10 and 30.
#[track_caller]
fn check(quantity: fn(Noise, usize) -> Misses, noise: Noise, documented: [[f64; 2]; 4]) {
    for (n, [below, above]) in [3, 5, 10, 30].into_iter().zip(documented) {
        let found = quantity(noise, n);
        assert!((found.below - below).abs() <= scatter(below), "n = {n}: {found:?}, not {below}");
        assert!((found.above - above).abs() <= scatter(above), "n = {n}: {found:?}, not {above}");
    }
}

/// Four standard deviations of a share, in percent, among the experiments.
fn scatter(percent: f64) -> f64 {
    let share = percent / 100.0;
    400.0 * (share * (1.0 - share) / EXPERIMENTS as f64).sqrt()
}

#[test]
fn the_mean_of_a_positive_quantity_misses_as_documented() {
    check(of_mean, Noise::Normal, [[3.0, 2.3], [3.2, 1.9], [2.7, 2.7], [2.5, 2.6]]);
    check(of_mean, Noise::LogNormal(0.5), [[1.3, 4.6], [1.2, 5.3], [1.6, 4.8], [2.1, 3.3]]);
    check(of_mean, Noise::LogNormal(1.0), [[0.6, 7.7], [0.7, 10.0], [1.1, 8.0], [1.7, 5.5]]);
    check(of_mean, Noise::Exponential, [[1.2, 4.2], [1.4, 5.1], [1.6, 4.7], [2.1, 3.3]]);
}

#[test]
fn the_mean_of_a_signed_quantity_misses_as_documented() {
    check(of_signed_mean, Noise::Normal, [[2.6, 2.7], [2.6, 2.5], [2.6, 2.8], [2.5, 2.6]]);
    check(of_signed_mean, Noise::LogNormal(0.5), [[0.9, 6.7], [0.6, 7.6], [1.3, 5.1], [2.1, 3.4]]);
    check(
        of_signed_mean,
        Noise::LogNormal(1.0),
        [[0.3, 15.9], [0.1, 17.5], [0.6, 8.7], [1.5, 5.8]],
    );
    check(of_signed_mean, Noise::Exponential, [[0.6, 10.7], [0.4, 11.0], [1.0, 4.7], [1.9, 3.4]]);
}

#[test]
fn the_ratio_of_means_misses_as_documented() {
    check(of_ratio, Noise::Normal, [[1.7, 1.6], [2.0, 2.1], [2.4, 2.5], [2.6, 2.6]]);
    check(of_ratio, Noise::LogNormal(0.5), [[2.0, 1.8], [2.6, 2.7], [2.7, 3.0], [2.8, 2.8]]);
    check(of_ratio, Noise::LogNormal(1.0), [[2.7, 2.6], [3.9, 4.0], [3.9, 4.1], [3.5, 3.5]]);
    check(of_ratio, Noise::Exponential, [[2.4, 2.8], [3.4, 3.5], [2.8, 3.0], [2.7, 2.7]]);
}

#[test]
fn the_ratio_of_pairs_misses_as_documented_whatever_they_share() {
    check(of_paired_ratio, Noise::Normal, [[2.4, 2.1], [2.2, 2.4], [2.7, 2.7], [2.7, 2.9]]);
    check(of_paired_ratio, Noise::LogNormal(0.5), [[2.4, 2.4], [2.4, 2.6], [2.5, 2.6], [2.6, 2.7]]);
    check(of_paired_ratio, Noise::Exponential, [[2.2, 2.3], [2.2, 2.2], [2.7, 2.9], [2.8, 2.9]]);
}

/// Ranks that are one too high (1-based ranks used as 0-based indices) would
/// miss in 3.25 % below and 0.77 % above, and so pass a test of the sum.
#[test]
fn the_median_of_fifty_misses_equally_often_in_either_tail() {
    let median = Quantile { level: 0.5, confidence: 0.95 };
    let found = misses(std::f64::consts::LN_2, |random, _| {
        let sample = OrderedSample::new(&Noise::Exponential.sample(50, random)).unwrap();
        interval_of(Ok(sample.quantile(median)))
    });
    // P(X ≤ 17) = P(X ≥ 33) = 1.64 % for 50 fair coins.
    assert!((found.below - 1.64).abs() < 0.7, "{found:?}");
    assert!((found.above - 1.64).abs() < 0.7, "{found:?}");
}

#[test]
fn a_high_quantile_is_covered_in_either_tail() {
    let p90 = Quantile { level: 0.9, confidence: 0.95 };
    let found = misses(std::f64::consts::LN_10, |random, _| {
        let sample = OrderedSample::new(&Noise::Exponential.sample(100, random)).unwrap();
        interval_of(Ok(sample.quantile(p90)))
    });
    assert!(found.below <= 2.5 + scatter(2.5) && found.above <= 2.5 + scatter(2.5), "{found:?}");
}

#[test]
fn two_runs_of_the_same_thing_are_seldom_called_shifted() {
    for n in [3, 5, 10, 30] {
        let mut random = Pcg64::seed_from_u64(6);
        let mut interval = |seed| {
            let sample = Noise::LogNormal(0.25).sample(n, &mut random);
            interval_of(bootstrap(seed).mean(&sample))
        };
        let n_shifted =
            (0..EXPERIMENTS).filter(|seed| shifted(&interval(*seed), &interval(!seed))).count();
        let percent = 100.0 * n_shifted as f64 / EXPERIMENTS as f64;
        assert!(percent < 1.5, "n = {n}: {percent} %");
    }
}

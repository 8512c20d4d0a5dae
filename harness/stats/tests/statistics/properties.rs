//! What must hold for any sample: order does not matter, units do not matter.

use crate::noise::Noise;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use stats::{Bootstrap, Estimate, OrderedSample, Quantile, Ratio, Summary};

const BOOTSTRAP: Bootstrap = Bootstrap { confidence: 0.95, resamples: 500, seed: 3 };
const P90: Quantile = Quantile { level: 0.9, confidence: 0.9 };

/// Samples of every size for which a different method serves.
fn samples() -> Vec<Vec<f64>> {
    let mut random = Pcg64::seed_from_u64(17);
    [1, 2, 3, 7, 8, 30, 60, 1_001]
        .into_iter()
        .map(|n| Noise::LogNormal(0.7).sample(n, &mut random))
        .collect()
}

fn shuffled<T>(mut values: Vec<T>) -> Vec<T> {
    let mut random = Pcg64::seed_from_u64(19);
    for last in (1..values.len()).rev() {
        values.swap(last, random.random_range(0..=last));
    }
    values
}

fn scaled(sample: &[f64], factor: f64) -> Vec<f64> {
    sample.iter().map(|value| factor * value).collect()
}

#[track_caller]
fn check_close(found: Estimate, expected: Estimate) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    assert!(close(found.value, expected.value), "{found:?} instead of {expected:?}");
    match (found.interval, expected.interval) {
        (Some(a), Some(b)) => assert!(
            close(a.low, b.low) && close(a.high, b.high),
            "{found:?} instead of {expected:?}"
        ),
        (None, None) => {}
        _ => panic!("{found:?} instead of {expected:?}"),
    }
}

/// The estimate with value and interval multiplied.
fn times(mut estimate: Estimate, factor: f64) -> Estimate {
    estimate.value *= factor;
    if let Some(interval) = &mut estimate.interval {
        interval.low *= factor;
        interval.high *= factor;
    }
    estimate
}

#[test]
fn the_order_of_a_sample_does_not_matter() {
    for sample in samples() {
        let reordered = shuffled(sample.clone());
        assert_eq!(Summary::of(&reordered, &BOOTSTRAP), Summary::of(&sample, &BOOTSTRAP));
    }
}

#[test]
fn the_order_of_the_samples_of_a_ratio_does_not_matter() {
    for pair in samples().windows(2) {
        let (numerator, denominator) = (shuffled(pair[0].clone()), shuffled(pair[1].clone()));
        let reordered = Ratio { numerator: &numerator, denominator: &denominator };
        let original = Ratio { numerator: &pair[0], denominator: &pair[1] };
        assert_eq!(BOOTSTRAP.ratio_of_means(reordered), BOOTSTRAP.ratio_of_means(original));
    }
}

#[test]
fn the_order_of_pairs_does_not_matter() {
    for numerator in samples() {
        let denominator: Vec<f64> = numerator.iter().map(|value| 1.0 + value.sqrt()).collect();
        let pairs = shuffled(numerator.iter().copied().zip(denominator.iter().copied()).collect());
        let (above, below): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        assert_eq!(
            BOOTSTRAP.paired_ratio(Ratio { numerator: &above, denominator: &below }),
            BOOTSTRAP.paired_ratio(Ratio { numerator: &numerator, denominator: &denominator }),
        );
    }
}

#[test]
fn a_mean_and_a_quantile_scale_with_their_unit() {
    for sample in samples() {
        for factor in [1e-6, 3.0, 1e9] {
            let other_unit = scaled(&sample, factor);
            let mean = BOOTSTRAP.mean(&sample).unwrap();
            check_close(BOOTSTRAP.mean(&other_unit).unwrap(), times(mean, factor));
            let quantile = OrderedSample::new(&sample).unwrap().quantile(P90);
            let rescaled = OrderedSample::new(&other_unit).unwrap().quantile(P90);
            check_close(rescaled, times(quantile, factor));
        }
    }
}

#[test]
fn a_ratio_has_no_unit() {
    for pair in samples().windows(2) {
        let (numerator, denominator) = (scaled(&pair[0], 1e-6), scaled(&pair[1], 1e-6));
        let rescaled = Ratio { numerator: &numerator, denominator: &denominator };
        let original = Ratio { numerator: &pair[0], denominator: &pair[1] };
        check_close(
            BOOTSTRAP.ratio_of_means(rescaled).unwrap(),
            BOOTSTRAP.ratio_of_means(original).unwrap(),
        );
    }
}

#[test]
fn a_signed_mean_scales_with_its_unit() {
    for sample in samples() {
        let signed: Vec<f64> = sample.iter().map(|value| value - 1.0).collect();
        let mean = BOOTSTRAP.mean(&signed).unwrap();
        check_close(BOOTSTRAP.mean(&scaled(&signed, 1e3)).unwrap(), times(mean, 1e3));
    }
}

#[test]
fn the_seed_decides_the_resampling_and_nothing_else() {
    let sample = &samples()[5];
    let with_seed = |seed| Bootstrap { seed, ..BOOTSTRAP }.mean(sample).unwrap();
    assert_eq!(with_seed(1), with_seed(1));
    assert_ne!(with_seed(1).interval, with_seed(2).interval);
    assert_eq!(with_seed(1).value, with_seed(2).value);
}

#[test]
fn more_confidence_is_never_narrower() {
    for sample in samples().into_iter().filter(|sample| sample.len() > 1) {
        let width = |confidence| {
            let bootstrap = Bootstrap { confidence, ..BOOTSTRAP };
            bootstrap.mean(&sample).unwrap().interval.unwrap().width()
        };
        assert!(width(0.8) <= width(0.9) && width(0.9) <= width(0.99));
    }
}

//! Classifying an image with MobileNet v1: our native function beside tract and
//! candle, on one thread, with the same weights and the same image.
//!
//! Ours is a call on a warm function as an experiment makes it: it decodes and
//! scales the image and copies the model before the forward pass. A peer holds
//! its model and gets the scaled image, so its time is that of the forward pass
//! alone. The copy is timed too, as it is no part of computing. All take turns
//! and each is compared with its neighbour: other load comes and goes, and
//! mostly hits all. Nothing is timed before all agree on the probabilities.
//!
//! `cargo bench -p faasm --features peers --bench peers`

#[path = "../../tests/runtime/global.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[expect(clippy::unwrap_used, reason = "shared with the tests, where a failed unwrap is a failure")]
mod global;
#[path = "../../tests/runtime/workers.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[expect(clippy::unwrap_used, reason = "shared with the tests, where a failed unwrap is a failure")]
mod workers;

mod candle;
mod ours;
mod tract;

use std::{hint::black_box, time::Instant};

use nn::{Architecture, Bitmap, Network, generate_bitmap};
use stats::{OrderedSample, Quantile};

use self::{candle::Candle, ours::Ours, tract::Tract};

const N_TURNS: usize = 41;
/// How far the probabilities of two programs may be apart.
const DIFFERENCE_MAX: f64 = 1e-4;

fn main() -> anyhow::Result<()> {
    // SAFETY: no other thread runs yet that could read the environment.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "1") };
    let network = Network::generate(Architecture::MOBILENET_V1, 7);
    let picture = generate_bitmap(517, 606, 7);
    let bitmap = Bitmap::parse(&picture).expect("it was generated as one");
    let input = channels_first(&bitmap.to_input(network.architecture.side));
    let model = network.to_flat();

    let ours = Ours::start(&model, &picture);
    let tract = Tract::load(&network.to_onnx(), &input)?;
    let candle = Candle::load(&network, &input)?;
    check(&ours, &tract.classify()?, "tract");
    check(&ours, &candle.classify()?, "candle");

    let mut times = Times::default();
    for _ in 0..N_TURNS {
        times.ours.push(ms(|| drop(black_box(ours.classify()))));
        times.tract.push(ms(|| drop(black_box(tract.classify().expect("it did before")))));
        times.copy.push(ms(|| drop(black_box(model.clone()))));
        times.candle.push(ms(|| drop(black_box(candle.classify().expect("it did before")))));
    }
    report(&times);
    Ok(())
}

/// Milliseconds of each run.
#[derive(Default)]
struct Times {
    ours: Vec<f64>,
    tract: Vec<f64>,
    candle: Vec<f64>,
    copy: Vec<f64>,
}

/// Refuses to compare programs that compute different functions.
fn check(ours: &Ours, theirs: &[f32], name: &str) {
    let found = ours.classify();
    assert!(!found.is_empty(), "ours names no class");
    for (class, probability) in found {
        let difference = (probability - f64::from(theirs[class])).abs();
        assert!(
            difference < DIFFERENCE_MAX,
            "class {class}: {probability} in ours, {} in {name}",
            theirs[class]
        );
    }
    let sum: f64 = theirs.iter().copied().map(f64::from).sum();
    assert!((sum - 1.0).abs() < DIFFERENCE_MAX, "the probabilities of {name} add up to {sum}");
}

/// How long a run takes, in milliseconds.
fn ms(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64() * 1e3
}

/// Of all colours of a pixel one after the other, the planes of each colour.
fn channels_first(pixels: &[f64]) -> Vec<f32> {
    let plane = |colour| pixels.iter().skip(colour).step_by(3).map(|number| *number as f32);
    (0..3).flat_map(plane).collect()
}

fn report(times: &Times) {
    let copy_ms = quantile(&times.copy, 0.5);
    let without_copy: Vec<_> = times.ours.iter().map(|ours_ms| ours_ms - copy_ms).collect();
    eprintln!("a copy of the model: {copy_ms:.2} ms");
    for (name, theirs) in [("tract", &times.tract), ("candle", &times.candle)] {
        compare("ours", &times.ours, name, theirs);
        compare("ours without the copy", &without_copy, name, theirs);
    }
}

fn compare(name_a: &str, a: &[f64], name_b: &str, b: &[f64]) {
    let (a_ms, b_ms) = (quantile(a, 0.5), quantile(b, 0.5));
    let ratios: Vec<_> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    let [low, high] = [0.25, 0.75].map(|level| quantile(&ratios, level));
    eprintln!(
        "{name_a} / {name_b}, ratio of medians of {N_TURNS} turns: {:.3}, half of the turns from \
         {low:.3} to {high:.3} ({a_ms:.2} ms, {b_ms:.2} ms)",
        a_ms / b_ms
    );
}

fn quantile(times: &[f64], level: f64) -> f64 {
    let ordered = OrderedSample::new(times).expect("there was at least one turn");
    ordered.quantile(Quantile { level, confidence: 0.95 }).value
}

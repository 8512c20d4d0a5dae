//! Classifying an image with MobileNet v1: wasm against native, on one thread.
//!
//! A call on a warm function, from its message to its result: decoding and
//! scaling the image, the forward pass, the five likeliest classes. Natively
//! that includes the copy of the model that each call makes, in wasm the
//! mapping of the shared one. The runs take turns and each is compared with its
//! neighbour: other load comes and goes, and mostly hits both. The goal is a
//! wasm that takes at most 1.5 times as long as the same source compiled for
//! any x86-64.

#[path = "isolations/mod.rs"]
mod isolations;

use std::time::Duration;

use faasm::native::Level;
use kv::Pool;
use nn::{Architecture, Network, generate_bitmap};

use self::isolations::{Isolations, USER, median};

const GUEST: &[u8] = include_bytes!("../../../fixtures/guests/mobilenet.wasm");
const N_TURNS: usize = 41;

fn main() {
    let isolations = Isolations::start("mobilenet", GUEST, store);
    let wasm = || isolations.wasm(0, b"");
    let native = || isolations.native(0, b"");
    let baseline = || Level::Baseline.at_most(native);
    compare(("wasm", &wasm), ("native for any x86-64", &baseline));
    compare(("wasm", &wasm), ("native for this machine", &native));
}

type Run<'a> = (&'a str, &'a dyn Fn() -> Duration);

fn compare((name_a, run_a): Run<'_>, (name_b, run_b): Run<'_>) {
    let (mut times_a, mut times_b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        let (a, b) = (run_a().as_secs_f64(), run_b().as_secs_f64());
        times_a.push(a * 1e3);
        times_b.push(b * 1e3);
        ratios.push(a / b);
    }
    let [ms_a, ms_b, ratio] = [times_a, times_b, ratios].map(median);
    eprintln!(
        "inference, median of {N_TURNS} pairs: {ratio:.3} ({name_a} {ms_a:.2} ms, {name_b} {ms_b:.2} ms)"
    );
}

fn store(global: &Pool) {
    let mut client = global.get().expect("the server is up");
    let model = Network::generate(Architecture::MOBILENET_V1, 7);
    for (key, bytes) in [("mobilenet_v1", model.to_flat()), ("image", generate_bitmap(517, 606, 7))]
    {
        client.set(format!("{USER}_{key}"), &bytes).expect("the server is up");
    }
}

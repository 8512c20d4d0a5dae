//! Ours: the native function of the experiments, called as they call it.

use faasm::native::Process;

use crate::{
    global::Global,
    workers::{Runs as _, USER, process, text},
};

/// How many classes it is asked for: as many as it names at most.
const N_CLASSES: &[u8] = b"10";

/// A process that has the model and the image as its state.
pub(crate) struct Ours {
    process: Process,
    _global: Global,
}

impl Ours {
    /// Starts a process on a flat model and a BMP image, and makes its first call.
    pub(crate) fn start(model: &[u8], picture: &[u8]) -> Self {
        let global = Global::start();
        let pool = global.pool();
        let mut client = pool.get().expect("the server is up");
        for (key, bytes) in [("mobilenet_v1", model), ("image", picture)] {
            client.set(format!("{USER}_{key}"), bytes).expect("the server is up");
        }
        let ours = Self { process: process(&global, "mobilenet"), _global: global };
        ours.classify();
        ours
    }

    /// The likeliest classes and their probabilities.
    pub(crate) fn classify(&self) -> Vec<(usize, f64)> {
        let outcome = self.process.run_index("mobilenet", 0, N_CLASSES);
        assert!(outcome.is_success(), "{}", text(outcome));
        let output = text(outcome);
        let parse = |line: &str| {
            let (probability, class) = line.split_once(": ")?;
            Some((class.parse().ok()?, probability.parse().ok()?))
        };
        output.lines().map(|line| parse(line).expect("a probability and a class")).collect()
    }
}

//! How wrong predictions are: Fig. 10's errors at the 99 % quantile, each side by itself.

use clockwork::{roles::Observed, telemetry::Tails};
use harness::analysis::Basis;

use crate::support::quantity::{Quantity, quantile};

/// Of the executions that take longer than was predicted, 99 of 100 take at most so
/// much longer.
pub(super) const INFER_SLOWER: Quantity = error("Slower, p99 [us]", "infer-slower-p99-us", |run| {
    p99_us(run, |tails| &tails.ms.infer_prediction.longer)
});

/// The same of those that take less.
pub(super) const INFER_FASTER: Quantity = error("Faster, p99 [us]", "infer-faster-p99-us", |run| {
    p99_us(run, |tails| &tails.ms.infer_prediction.shorter)
});

/// All of them: of copies of weights too, and of when both are complete, which is also
/// for what came before them.
pub(super) const ERRORS: [Quantity; 8] = [
    INFER_SLOWER,
    INFER_FASTER,
    error("LOADs slower, p99 [us]", "load-slower-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.load_prediction.longer)
    }),
    error("LOADs faster, p99 [us]", "load-faster-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.load_prediction.shorter)
    }),
    error("Later, p99 [us]", "infer-later-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.infer_completion.longer)
    }),
    error("Earlier, p99 [us]", "infer-earlier-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.infer_completion.shorter)
    }),
    error("LOADs later, p99 [us]", "load-later-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.load_completion.longer)
    }),
    error("LOADs earlier, p99 [us]", "load-earlier-p99-us", |run| {
        p99_us(run, |tails| &tails.ms.load_completion.shorter)
    }),
];

const fn error(
    head: &'static str,
    name: &'static str,
    of: fn(&Observed) -> Option<f64>,
) -> Quantity {
    Quantity { head, name, unit: "us", live: Basis::Timed, of }
}

fn p99_us(run: &Observed, of: fn(&Tails) -> &[f64]) -> Option<f64> {
    quantile(&run.tails, of(&run.tails), 0.99).map(|error_ms| error_ms * 1e3)
}

//! How wrong predictions are: Fig. 10's errors at the 99 % quantile, each side by itself.

use clockwork::{roles::Observed, telemetry::Tails};
use harness::analysis::Basis;

use crate::support::quantity::{Quantity, quantile};

/// All of them.
pub(super) const ERRORS: [Quantity; 8] = [
    INFER_SLOWER,
    INFER_FASTER,
    LOAD_SLOWER,
    LOAD_FASTER,
    INFER_LATER,
    INFER_EARLIER,
    LOAD_LATER,
    LOAD_EARLIER,
];

/// Of the executions that take longer than was predicted, 99 of 100 take at most so
/// much longer.
pub(super) const INFER_SLOWER: Quantity = Quantity {
    head: "Slower, p99 [us]",
    name: "infer-slower-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.infer_prediction.longer),
};

/// The same of those that take less.
pub(super) const INFER_FASTER: Quantity = Quantity {
    head: "Faster, p99 [us]",
    name: "infer-faster-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.infer_prediction.shorter),
};

/// Of the copies of weights that take longer.
const LOAD_SLOWER: Quantity = Quantity {
    head: "LOADs slower, p99 [us]",
    name: "load-slower-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.load_prediction.longer),
};

/// Of those that take less.
const LOAD_FASTER: Quantity = Quantity {
    head: "LOADs faster, p99 [us]",
    name: "load-faster-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.load_prediction.shorter),
};

/// Of the executions that are complete later than was predicted, which is also for what
/// came before them.
const INFER_LATER: Quantity = Quantity {
    head: "Later, p99 [us]",
    name: "infer-later-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.infer_completion.longer),
};

/// Of those that are complete earlier.
const INFER_EARLIER: Quantity = Quantity {
    head: "Earlier, p99 [us]",
    name: "infer-earlier-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.infer_completion.shorter),
};

/// Of the copies of weights that are complete later.
const LOAD_LATER: Quantity = Quantity {
    head: "LOADs later, p99 [us]",
    name: "load-later-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.load_completion.longer),
};

/// Of those that are complete earlier.
const LOAD_EARLIER: Quantity = Quantity {
    head: "LOADs earlier, p99 [us]",
    name: "load-earlier-p99-us",
    unit: "us",
    live: Basis::Timed,
    of: |run| p99_us(run, |tails| &tails.ms.load_completion.shorter),
};

fn p99_us(run: &Observed, of: fn(&Tails) -> &[f64]) -> Option<f64> {
    quantile(&run.tails, of(&run.tails), 0.99).map(|error_ms| error_ms * 1e3)
}

//! The distributions that tails are drawn of, whatever holds them.

use serde::{Deserialize, Serialize};

/// An error's two sides, apart. A value that is exactly as expected is in both.
///
/// The original calls `over` what is longer than expected and plots it as
/// "Overpredict"; these names say what they hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sides<T> {
    /// By how much the actual value was above the expected (the original's `over`).
    pub longer: T,
    /// By how much it was below (the original's `under`).
    pub shorter: T,
}

/// Everything that a tail is drawn of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Distributions<T> {
    /// How long executions took, against what was expected.
    pub infer_prediction: Sides<T>,
    /// How long copies of weights took, against what was expected.
    pub load_prediction: Sides<T>,
    /// When executions were complete, against what was expected.
    pub infer_completion: Sides<T>,
    /// When copies of weights were complete, against what was expected.
    pub load_completion: Sides<T>,
    /// The latency of all requests, those that failed included.
    pub latency: T,
    /// The latency of requests whose model was on no GPU when they arrived.
    pub cold_latency: T,
    /// The latency of the others.
    pub hot_latency: T,
}

impl<T> Sides<T> {
    /// The same of what `change` makes of each side.
    pub fn map<U>(&self, change: impl Fn(&T) -> U) -> Sides<U> {
        Sides { longer: change(&self.longer), shorter: change(&self.shorter) }
    }

    fn pairs<'a>(&'a mut self, other: &'a Self) -> [(&'a mut T, &'a T); 2] {
        [(&mut self.longer, &other.longer), (&mut self.shorter, &other.shorter)]
    }
}

impl<T> Distributions<T> {
    /// The same of what `change` makes of each.
    pub fn map<U>(&self, change: impl Fn(&T) -> U) -> Distributions<U> {
        Distributions {
            infer_prediction: self.infer_prediction.map(&change),
            load_prediction: self.load_prediction.map(&change),
            infer_completion: self.infer_completion.map(&change),
            load_completion: self.load_completion.map(&change),
            latency: change(&self.latency),
            cold_latency: change(&self.cold_latency),
            hot_latency: change(&self.hot_latency),
        }
    }

    /// Each of these with its like among others.
    pub(super) fn pairs<'a>(&'a mut self, other: &'a Self) -> [(&'a mut T, &'a T); 11] {
        let [a, b] = self.infer_prediction.pairs(&other.infer_prediction);
        let [c, d] = self.load_prediction.pairs(&other.load_prediction);
        let [e, f] = self.infer_completion.pairs(&other.infer_completion);
        let [g, h] = self.load_completion.pairs(&other.load_completion);
        let latency = (&mut self.latency, &other.latency);
        let cold = (&mut self.cold_latency, &other.cold_latency);
        let hot = (&mut self.hot_latency, &other.hot_latency);
        [a, b, c, d, e, f, g, h, latency, cold, hot]
    }
}

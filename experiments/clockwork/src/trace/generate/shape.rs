//! How large a generated day is to be.

use anyhow::{Result, ensure};

/// The size of a generated day. Both numbers may be changed: what they leave as it is
/// are the shares of everything, so a small day looks like a large one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// How many functions there are; the published days have about 46,400.
    pub functions: usize,
    /// Invocations of all functions per second, on average over the day.
    pub rate: f64,
    /// Everything random follows from it.
    pub seed: u64,
}

impl Shape {
    /// A day of the data set.
    pub const PUBLISHED: Shape = Shape { functions: 46_413, rate: 10_000.0, seed: 1 };

    pub(super) fn check(&self) -> Result<()> {
        ensure!(
            self.functions > 0,
            "a day needs a function\n(hint: `functions` is to be 1 or more)"
        );
        ensure!(
            self.rate.is_finite() && self.rate > 0.0 && self.rate < 1e9,
            "no day has a rate of {} invocations per second\n(hint: the published days have 10,000)",
            self.rate
        );
        Ok(())
    }
}

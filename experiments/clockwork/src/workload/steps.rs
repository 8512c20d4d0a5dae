//! A quantity that changes step by step: objectives, or rates.

use super::poisson::{Rates, Segment};
use crate::time::{Nanos, SECOND};

/// Values one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steps {
    /// The first.
    pub start: f64,
    /// None beyond this: the workload ends instead.
    pub end: f64,
    /// What is done to one to get the next.
    pub step: Step,
    /// How long each holds; not 0.
    pub period: Nanos,
}

/// What is done to a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// So much is added.
    Add(f64),
    /// It is multiplied.
    Multiply(f64),
    /// This one takes its place, and stays.
    Become(f64),
}

impl Steps {
    /// The value at a time; nothing after the last.
    pub(super) fn at(&self, at: Nanos) -> Option<f64> {
        self.nth(at / self.period)
    }

    fn nth(&self, nth: u64) -> Option<f64> {
        let nth = i32::try_from(nth).ok()?;
        let value = match self.step {
            _ if nth == 0 => self.start,
            Step::Add(term) => self.start + term * f64::from(nth),
            Step::Multiply(factor) => self.start * factor.powi(nth),
            Step::Become(other) => other,
        };
        // The first one holds for a period, whatever it is.
        (nth == 0 || value <= self.end).then_some(value)
    }
}

/// A share of a rate in events per second that changes step by step.
#[derive(Debug, Clone, Copy)]
pub(super) struct SteppedRate {
    steps: Steps,
    share: f64,
    nth: u64,
}

impl SteppedRate {
    pub(super) fn new(steps: Steps, share: f64) -> SteppedRate {
        SteppedRate { steps, share, nth: 0 }
    }
}

impl Rates for SteppedRate {
    fn current(&self) -> Segment {
        let per_s = self.steps.nth(self.nth).unwrap_or(0.0) * self.share;
        let ends_ns = (self.nth + 1) as f64 * self.steps.period as f64;
        Segment { per_ns: per_s / SECOND as f64, ends_ns }
    }

    fn advance(&mut self) -> bool {
        self.nth += 1;
        self.steps.nth(self.nth).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 1.5, 2.25 and so on up to 1.5¹¹, which is 86.5.
    const STEPS: Steps =
        Steps { start: 1.0, end: 100.0, step: Step::Multiply(1.5), period: 30 * SECOND };

    #[test]
    fn values_are_multiplied_until_they_exceed_the_last() {
        let at = |second: u64| STEPS.at(second * SECOND);
        assert_eq!([at(0), at(29), at(30), at(60)], [1.0, 1.0, 1.5, 2.25].map(Some));
        assert_eq!((at(359), at(360)), (Some(1.5_f64.powi(11)), None));
    }

    #[test]
    fn values_may_be_added_to_or_replaced() {
        let values = |step| {
            let steps = Steps { step, ..STEPS };
            (0..5).map(|nth| steps.at(nth * 30 * SECOND)).collect::<Vec<_>>()
        };
        let added = [Some(1.0), Some(34.0), Some(67.0), Some(100.0), None];
        assert_eq!(values(Step::Add(33.0)), added);
        assert_eq!(values(Step::Become(7.0)), [1.0, 7.0, 7.0, 7.0, 7.0].map(Some));
    }

    #[test]
    fn a_rate_is_a_share_of_its_steps_and_ends_with_them() {
        let mut rate = SteppedRate::new(Steps { end: 2.0, ..STEPS }, 0.25);
        assert_eq!(rate.current(), Segment { per_ns: 0.25e-9, ends_ns: 30e9 });
        assert!(rate.advance());
        assert_eq!(rate.current(), Segment { per_ns: 0.375e-9, ends_ns: 60e9 });
        assert!(!rate.advance());
    }
}

//! How much of the trace is replayed, and for how long.

use super::Load;
use crate::time::Nanos;

/// Loads that grow step by step (Figure 11).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadSteps {
    /// The first.
    pub start: f64,
    /// None beyond this: the workload ends instead.
    pub end: f64,
    /// What each is multiplied with to get the next; above 1.
    pub factor: f64,
    /// How long each lasts; not 0.
    pub period: Nanos,
}

/// The load as it changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurrentLoad {
    load: Load,
    step: u32,
}

impl CurrentLoad {
    pub(super) fn new(load: Load) -> CurrentLoad {
        CurrentLoad { load, step: 0 }
    }

    pub(super) fn value(&self) -> f64 {
        match self.load {
            Load::Fixed(load) => load,
            Load::Steps(steps) => steps.start * steps.factor.powi(self.step as i32),
        }
    }

    pub(super) fn ends_ns(&self) -> f64 {
        match self.load {
            Load::Fixed(_) => f64::INFINITY,
            Load::Steps(steps) => f64::from(self.step + 1) * steps.period as f64,
        }
    }

    /// Goes to the next load if this one's time is over; false if there is none.
    pub(super) fn advance_to(&mut self, now_ns: f64) -> bool {
        if now_ns >= self.ends_ns() {
            self.step += 1;
        }
        match self.load {
            Load::Fixed(_) => true,
            Load::Steps(steps) => self.value() <= steps.end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    #[test]
    fn the_published_steps_take_ten_minutes() {
        let steps = LoadSteps { start: 0.1, end: 4.0, factor: 1.5, period: MINUTE };
        let mut load = CurrentLoad::new(Load::Steps(steps));
        let mut values = vec![load.value()];
        while load.advance_to(load.ends_ns()) {
            values.push(load.value());
        }
        // 0.1 × 1.5⁹ is 3.84, and the next is beyond 4.
        assert_eq!((values.len(), load.step), (10, 10));
        assert!((values[9] - 3.844_335_937_5).abs() < 1e-12);
    }

    #[test]
    fn a_load_stays_until_its_time_is_over() {
        let steps = LoadSteps { start: 0.5, end: 4.0, factor: 2.0, period: MINUTE };
        let mut load = CurrentLoad::new(Load::Steps(steps));
        assert!(load.advance_to(59.9e9) && load.value() == 0.5);
        assert!(load.advance_to(60e9) && load.value() == 1.0);
    }
}

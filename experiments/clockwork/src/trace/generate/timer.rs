//! When timers go off. The periods and their phases are chosen, not published.

use crate::{random::Random, trace::N_MINUTES};

/// What people ask of timers, in seconds: from once a second to once a day.
const PERIODS_S: [u32; 14] =
    [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/// Most timers go off when the hour, or whatever their period is, begins.
const IN_PHASE: f64 = 0.7;

/// A timer's period and its first time in the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timer {
    period_s: u32,
    first_s: u32,
}

impl Timer {
    /// The timer that goes off about `per_day` times a day.
    pub(super) fn near(per_day: f64, random: &mut Random) -> Timer {
        let distance = |period: &u32| (f64::from(*period) * per_day / 86_400.0).ln().abs();
        let period_s = PERIODS_S
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .expect("there are periods");
        let unit_s = if random.chance(IN_PHASE) { 3600 } else { 60 };
        let first_s = random.below(86_400) as u32 / unit_s * unit_s % period_s;
        Timer { period_s, first_s }
    }

    pub(super) fn per_day(self) -> f64 {
        86_400.0 / f64::from(self.period_s)
    }

    /// How often it goes off in a minute.
    pub(super) fn count(self, minute: usize) -> u32 {
        debug_assert!(minute < N_MINUTES);
        let before = |second: u32| (second + self.period_s - 1 - self.first_s) / self.period_s;
        before(60 * (minute as u32 + 1)) - before(60 * minute as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(period_s: u32, first_s: u32) -> Vec<u32> {
        (0..N_MINUTES).map(|minute| Timer { period_s, first_s }.count(minute)).collect()
    }

    #[test]
    fn a_timer_of_5_s_goes_off_12_times_in_each_minute() {
        assert_eq!(counts(5, 0), [12; N_MINUTES]);
    }

    #[test]
    fn a_timer_of_5_minutes_goes_off_in_each_fifth() {
        assert_eq!(counts(300, 120)[..8], [0, 0, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_timer_of_a_day_goes_off_in_its_minute_alone() {
        let counts = counts(86_400, 7 * 3600);
        assert_eq!((counts[420], counts.iter().sum::<u32>()), (1, 1));
    }

    #[test]
    fn a_period_is_chosen_by_how_often_it_is() {
        let mut random = Random::new(7, 0);
        for (per_day, period_s) in [(1e7, 1), (1500.0, 60), (24.0, 3600), (0.2, 86_400)] {
            let timer = Timer::near(per_day, &mut random);
            assert_eq!(timer.period_s, period_s);
            assert!(timer.first_s < period_s);
        }
    }
}

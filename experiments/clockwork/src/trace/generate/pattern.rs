//! When in the day functions without a timer are invoked.
//!
//! That all together have a baseline of half their peak is published, and that some
//! are burstier than Poisson processes; the rest is chosen.

use std::f64::consts::TAU;

use super::timer::Timer;
use crate::{random::Random, trace::N_MINUTES};

/// The swing around the mean that makes the lowest rate half of the highest.
const SWING: f64 = 1.0 / 3.0;
/// In the afternoon, UTC.
const PEAK_MINUTE: f64 = 16.0 * 60.0;
/// Of the functions without a timer.
const BURSTY_SHARE: f64 = 0.3;
const HOURLY_SHARE: f64 = 0.1;
/// How much more often the first minute of an hour comes for those whose work
/// something does by the hour.
const HOURLY_PEAK: f64 = 4.0;
/// The few functions that make most invocations have neither bursts nor peaks, or
/// those of one of them would be those of all.
const STEADY_PER_DAY: f64 = 5e6;
/// The shortest share of the day in which a bursty function is invoked at all.
const MIN_ACTIVE: f64 = 1.0 / 200.0;
/// A burst's mean length, before it is cut to whole minutes: half a minute less then.
const BURST_MINUTES: f64 = 5.0;

/// How a function's invocations are spread over the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pattern {
    /// A Poisson process with the daily swing.
    Diurnal,
    /// The same, with a peak at each whole hour.
    Hourly,
    /// Only in bursts, within this share of the day.
    Bursty { active: f64 },
    /// At fixed times.
    Periodic(Timer),
}

impl Pattern {
    /// One for a function that no timer invokes, but something else so often a day.
    pub(super) fn draw(per_day: f64, random: &mut Random) -> Pattern {
        match random.uniform() {
            _ if per_day > STEADY_PER_DAY => Self::Diurnal,
            kind if kind < BURSTY_SHARE => {
                Self::Bursty { active: (MIN_ACTIVE.ln() * random.uniform()).exp() }
            }
            kind if kind < BURSTY_SHARE + HOURLY_SHARE => Self::Hourly,
            _ => Self::Diurnal,
        }
    }

    /// Draws a day's counts for a function that is invoked `per_day` times on average.
    pub(super) fn sample(self, per_day: f64, random: &mut Random, counts: &mut [u32; N_MINUTES]) {
        match self {
            Self::Diurnal => poisson(per_day, diurnal, random, counts),
            Self::Hourly => poisson(per_day, hourly, random, counts),
            Self::Bursty { active } => {
                let is_on = bursts(active, random);
                let n_on = is_on.iter().filter(|is_on| **is_on).count() as f64;
                let weight = |minute: usize| if is_on[minute] { 1.0 / n_on } else { 0.0 };
                poisson(per_day, weight, random, counts);
            }
            Self::Periodic(timer) => {
                for (minute, count) in counts.iter_mut().enumerate() {
                    *count = timer.count(minute);
                }
            }
        }
        if counts.iter().all(|count| *count == 0) {
            // Who is not invoked on a day is not in its file.
            counts[random.below(N_MINUTES)] = 1;
        }
    }
}

/// The share of a day's invocations that a minute has.
fn diurnal(minute: usize) -> f64 {
    let phase = (minute as f64 + 0.5 - PEAK_MINUTE) / N_MINUTES as f64;
    (1.0 + SWING * (TAU * phase).cos()) / N_MINUTES as f64
}

fn hourly(minute: usize) -> f64 {
    let weight = if minute.is_multiple_of(60) { HOURLY_PEAK } else { 1.0 };
    diurnal(minute) * weight * 60.0 / (59.0 + HOURLY_PEAK)
}

/// The minutes in which a bursty function is invoked: runs of geometric lengths, at
/// least one.
fn bursts(active: f64, random: &mut Random) -> [bool; N_MINUTES] {
    let mut is_on = [false; N_MINUTES];
    let n_bursts = 1 + random.poisson(active * N_MINUTES as f64 / BURST_MINUTES);
    for _ in 0..n_bursts {
        let start = random.below(N_MINUTES);
        let len = 1.0 + (BURST_MINUTES - 1.0) * random.exponential();
        for minute in start..start + len as usize {
            is_on[minute % N_MINUTES] = true;
        }
    }
    is_on
}

fn poisson(
    per_day: f64,
    weight: impl Fn(usize) -> f64,
    random: &mut Random,
    counts: &mut [u32; N_MINUTES],
) {
    counts.fill(0);
    // A draw per invocation beats one per minute where invocations are few.
    if per_day < N_MINUTES as f64 / 4.0 {
        return scatter(random.poisson(per_day), weight, random, counts);
    }
    for (minute, count) in counts.iter_mut().enumerate() {
        let mean = per_day * weight(minute);
        *count = if mean > 0.0 { random.poisson(mean) as u32 } else { 0 };
    }
}

/// Puts each of `n` invocations into a minute, by rejection.
fn scatter(
    n: u64,
    weight: impl Fn(usize) -> f64,
    random: &mut Random,
    counts: &mut [u32; N_MINUTES],
) {
    if n == 0 {
        return;
    }
    let highest = (0..N_MINUTES).map(&weight).fold(0.0, f64::max);
    for _ in 0..n {
        let minute = loop {
            let minute = random.below(N_MINUTES);
            if random.chance(weight(minute) / highest) {
                break minute;
            }
        };
        counts[minute] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of many samples of a day.
    fn summed(pattern: Pattern, per_day: f64, n_days: u32) -> [u64; N_MINUTES] {
        let mut random = Random::new(7, 0);
        let (mut sums, mut counts) = ([0; N_MINUTES], [0; N_MINUTES]);
        for _ in 0..n_days {
            pattern.sample(per_day, &mut random, &mut counts);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        }
        sums
    }

    /// A count is Poisson, so 5 times its root is beyond chance.
    #[track_caller]
    fn check(what: &str, count: u64, expected: f64) {
        assert!(
            (count as f64 - expected).abs() < 5.0 * expected.sqrt(),
            "{what}: {count}, not {expected}"
        );
    }

    #[test]
    fn rare_and_frequent_functions_have_the_same_daily_swing() {
        for (per_day, n_days) in [(100.0, 10_000), (1_000.0, 1_000), (1e6, 1)] {
            let sums = summed(Pattern::Diurnal, per_day, n_days);
            check("day", sums.iter().sum(), 1e6);
            let window = |middle: usize| sums[middle - 30..middle + 30].iter().sum::<u64>();
            // An hour around the extremes, where the cosine is 1 up to a three hundredth.
            check("peak", window(16 * 60), 1e6 / 24.0 * (1.0 + SWING * 0.9971));
            check("low", window(4 * 60), 1e6 / 24.0 * (1.0 - SWING * 0.9971));
        }
    }

    #[test]
    fn whole_hours_have_peaks() {
        let sums = summed(Pattern::Hourly, 1e6, 1);
        check("day", sums.iter().sum(), 1e6);
        let at_whole_hours: u64 = sums.iter().step_by(60).sum();
        check("hours", at_whole_hours, 1e6 * HOURLY_PEAK / (59.0 + HOURLY_PEAK));
    }

    #[test]
    fn bursts_leave_most_of_the_day_idle() {
        let sums = summed(Pattern::Bursty { active: 0.05 }, 1e5, 1);
        check("day", sums.iter().sum(), 1e5);
        let n_active = sums.iter().filter(|sum| **sum > 0).count();
        assert!((10..200).contains(&n_active), "{n_active}");
    }

    #[test]
    fn who_is_listed_was_invoked() {
        assert_eq!(summed(Pattern::Diurnal, 1e-9, 10).iter().sum::<u64>(), 10);
    }
}

//! The machine's condition at an instant; two of them tell what disturbed a trial.

use std::{
    fs,
    time::{Instant, SystemTime},
};

use crate::run::validity::Reason;

/// A clock step below this is what time synchronisation does all day.
const STEP_MIN_MS: f64 = 50.0;

/// Readings at one instant.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    wall: SystemTime,
    monotonic: Instant,
    processor: ProcessorTime,
}

/// The machine's processor time so far, in clock ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ProcessorTime {
    stolen: u64,
    total: u64,
}

impl Conditions {
    pub(super) fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        Self {
            wall: SystemTime::now(),
            monotonic: Instant::now(),
            processor: ProcessorTime::parse(&stat),
        }
    }

    /// What disturbed the time between `self` and `later`.
    pub(super) fn disturbances_until(&self, later: &Self) -> Vec<Reason> {
        let steal = Reason::for_steal(self.processor.stolen_share_until(later.processor));
        let step_ms = self.clock_step_ms_until(later);
        let step = (step_ms.abs() >= STEP_MIN_MS).then_some(Reason::ClockStep { step_ms });
        steal.into_iter().chain(step).collect()
    }

    fn clock_step_ms_until(&self, later: &Self) -> f64 {
        let passed_ms = later.monotonic.duration_since(self.monotonic).as_secs_f64() * 1e3;
        let wall_ms = match later.wall.duration_since(self.wall) {
            Ok(forwards) => forwards.as_secs_f64() * 1e3,
            Err(backwards) => -backwards.duration().as_secs_f64() * 1e3,
        };
        wall_ms - passed_ms
    }
}

impl ProcessorTime {
    /// Reads the first line of /proc/stat: user, nice, system, idle, iowait,
    /// irq, softirq, steal; guest times are contained in user and nice.
    fn parse(stat: &str) -> Self {
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> =
            line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
        Self { stolen: ticks.get(7).copied().unwrap_or(0), total: ticks.iter().sum() }
    }

    fn stolen_share_until(self, later: Self) -> f64 {
        let total = later.total.saturating_sub(self.total);
        if total == 0 {
            return 0.0;
        }
        later.stolen.saturating_sub(self.stolen) as f64 / total as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64, stolen: u64) -> Conditions {
        let start = Conditions {
            wall: SystemTime::UNIX_EPOCH,
            monotonic: *START,
            processor: ProcessorTime { stolen, total: seconds * 100 },
        };
        let passed = Duration::from_secs(seconds);
        Conditions { wall: start.wall + passed, monotonic: start.monotonic + passed, ..start }
    }

    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

    #[test]
    fn a_quiet_second_has_no_disturbance() {
        assert_eq!(at(100, 0).disturbances_until(&at(101, 0)), []);
    }

    #[test]
    fn stolen_time_is_named() {
        let reasons = at(100, 0).disturbances_until(&at(101, 10));
        assert_eq!(reasons, [Reason::CpuSteal { share: 0.1 }]);
    }

    #[test]
    fn a_clock_stepped_backwards_is_named() {
        let mut later = at(101, 0);
        later.wall -= Duration::from_millis(250);
        let reasons = at(100, 0).disturbances_until(&later);
        assert!(
            matches!(reasons[..], [Reason::ClockStep { step_ms }] if (step_ms + 250.0).abs() < 1e-6),
            "{reasons:?}"
        );
    }

    #[test]
    fn reads_the_kernels_line() {
        let time = ProcessorTime::parse("cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 1 1 1 1\n");
        assert_eq!(time, ProcessorTime { stolen: 8, total: 36 });
    }
}

//! What disturbed a trial, told by the machine's condition before and after.

use load::validity::Conditions;

use crate::run::validity::Reason;

/// A clock step below this is what time synchronisation does all day.
const STEP_MIN_MS: f64 = 50.0;

/// What disturbed the time between two readings.
pub(super) fn disturbances(before: &Conditions, after: &Conditions) -> Vec<Reason> {
    let steal = before.stolen_share_until(after).and_then(Reason::for_steal);
    let step_ms = before.clock_step_ms_until(after);
    let step = (step_ms.abs() >= STEP_MIN_MS).then_some(Reason::ClockStep { step_ms });
    steal.into_iter().chain(step).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use load::validity::ProcessorTime;

    use super::*;

    fn at(seconds: u64, stolen: u64) -> Conditions {
        let passed = Duration::from_secs(seconds);
        Conditions {
            wall: SystemTime::UNIX_EPOCH + passed,
            monotonic: *START + passed,
            processor: Some(ProcessorTime { stolen, total: seconds * 100 }),
        }
    }

    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

    #[test]
    fn a_quiet_second_has_no_disturbance() {
        assert_eq!(disturbances(&at(100, 0), &at(101, 0)), []);
    }

    #[test]
    fn stolen_time_is_named() {
        let reasons = disturbances(&at(100, 0), &at(101, 10));
        assert_eq!(reasons, [Reason::CpuSteal { share: 0.1 }]);
    }

    #[test]
    fn a_clock_stepped_backwards_is_named() {
        let mut later = at(101, 0);
        later.wall -= Duration::from_millis(250);
        let reasons = disturbances(&at(100, 0), &later);
        assert!(
            matches!(reasons[..], [Reason::ClockStep { step_ms }] if (step_ms + 250.0).abs() < 1e-6),
            "{reasons:?}"
        );
    }
}

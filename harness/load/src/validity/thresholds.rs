//! From when on a disturbance counts: all limits in one place.

use serde::{Deserialize, Serialize};

use super::Severity;

/// From when on each disturbance counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Thresholds {
    /// The 99th percentile of the generator's lag, in milliseconds.
    pub lag_p99_ms: Limits,
    /// The longest time for which the generator did not run, in milliseconds.
    pub stall_ms: Limits,
    /// The stolen share of processor time.
    pub cpu_steal: Limits,
    /// The step of the wall clock, in milliseconds, in either direction.
    pub clock_step_ms: Limits,
    /// The share of requests that were never sent.
    pub dropped: Limits,
    /// The share of requests that failed.
    pub errors: Limits,
    /// The share of requests that waited for a connection.
    pub backpressure: Limits,
    /// What the calibration measured of a known delay beyond it, in
    /// microseconds, in either direction.
    pub calibration_us: Limits,
}

/// From which value on something degrades or invalidates; none is never.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Above this, the numbers need a remark.
    pub degrades_above: Option<f64>,
    /// Above this, they mean nothing.
    pub invalidates_above: Option<f64>,
}

impl Limits {
    /// Both limits.
    const fn new(degrades_above: f64, invalidates_above: f64) -> Self {
        Self { degrades_above: Some(degrades_above), invalidates_above: Some(invalidates_above) }
    }

    /// How bad `value` is; none if it is not. NaN is as bad as it gets.
    #[must_use]
    pub fn severity(&self, value: f64) -> Option<Severity> {
        let is_above =
            |limit: Option<f64>| limit.is_some_and(|limit| value > limit || value.is_nan());
        if is_above(self.invalidates_above) {
            Some(Severity::Invalidates)
        } else {
            is_above(self.degrades_above).then_some(Severity::Degrades)
        }
    }
}

impl Thresholds {
    /// For a system whose latencies are milliseconds, on a machine that is
    /// not all ours. Who measures microseconds sets narrower ones.
    ///
    /// Stolen time moves results visibly from 2 % on; a wall clock is slewed
    /// by less than 50 ms a run all day; a failed request in a thousand is
    /// what most systems call an outage.
    pub const USUAL: Self = Self {
        lag_p99_ms: Limits::new(1.0, 20.0),
        stall_ms: Limits::new(50.0, 1_000.0),
        cpu_steal: Limits::new(0.02, 0.25),
        clock_step_ms: Limits { degrades_above: Some(50.0), invalidates_above: None },
        dropped: Limits::new(0.0, 0.01),
        errors: Limits::new(0.0, 0.01),
        backpressure: Limits::new(0.01, 0.5),
        calibration_us: Limits::new(1_000.0, 5_000.0),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_itself_is_still_fine() {
        let limits = Limits::new(0.0, 0.5);
        assert_eq!(limits.severity(0.0), None);
        assert_eq!(limits.severity(0.1), Some(Severity::Degrades));
        assert_eq!(limits.severity(0.5), Some(Severity::Degrades));
        assert_eq!(limits.severity(0.6), Some(Severity::Invalidates));
        assert_eq!(limits.severity(f64::NAN), Some(Severity::Invalidates));
    }

    #[test]
    fn without_a_limit_nothing_counts() {
        let never = Limits { degrades_above: None, invalidates_above: None };
        assert_eq!(never.severity(f64::INFINITY), None);
    }
}

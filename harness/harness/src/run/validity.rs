//! Whether a trial's numbers may be used, and if not, why not.

use std::fmt;

use load::validity::{Finding, Severity};
use serde::{Deserialize, Serialize};

/// The verdict on a trial: valid without reasons, else what its worst reason says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Validity {
    /// Everything that disturbed the trial.
    pub reasons: Vec<Reason>,
}

/// One thing that disturbed a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Reason {
    /// An instance ended although nobody stopped it.
    InstanceDied {
        /// Its name.
        instance: String,
        /// How it ended.
        how: String,
    },
    /// The hypervisor gave processor time to others.
    CpuSteal {
        /// Stolen share of the machine's processor time, 0 to 1.
        share: f64,
    },
    /// The wall clock jumped against the monotonic one.
    ClockStep {
        /// By how much, forwards positive.
        step_ms: f64,
    },
    /// The trial left something behind that is certainly its own.
    Leak {
        /// What.
        what: String,
    },
    /// A load generator reports what disturbed it.
    Load(Finding),
    /// The workload itself reports a disturbance.
    Workload {
        /// What.
        what: String,
    },
}

/// Stolen processor time from which results move visibly.
const STEAL_DEGRADES: f64 = 0.02;
/// Stolen processor time from which they mean nothing.
const STEAL_INVALIDATES: f64 = 0.25;

impl Reason {
    /// Whether the trial's numbers must not be used.
    #[must_use]
    pub(crate) fn invalidates(&self) -> bool {
        match self {
            Self::InstanceDied { .. } | Self::Leak { .. } | Self::Workload { .. } => true,
            Self::CpuSteal { share } => *share >= STEAL_INVALIDATES,
            Self::ClockStep { .. } => false,
            Self::Load(finding) => finding.severity == Severity::Invalidates,
        }
    }

    /// The reason for a stolen share, if it is large enough to be one.
    #[must_use]
    pub(crate) fn for_steal(share: f64) -> Option<Self> {
        (share >= STEAL_DEGRADES).then_some(Self::CpuSteal { share })
    }
}

impl Validity {
    /// Whether the trial must not enter a summary, a claim or a snapshot.
    #[must_use]
    pub(crate) fn is_invalid(&self) -> bool {
        self.reasons.iter().any(Reason::invalidates)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstanceDied { instance, how } => write!(formatter, "{instance} died: {how}"),
            Self::CpuSteal { share } => {
                write!(formatter, "{:.0} % of the processor time was stolen", share * 100.0)
            }
            Self::ClockStep { step_ms } => {
                write!(formatter, "the clock stepped by {step_ms:.0} ms")
            }
            Self::Leak { what } => write!(formatter, "left behind: {what}"),
            Self::Load(finding) => finding.disturbance.fmt(formatter),
            Self::Workload { what } => formatter.write_str(what),
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match (self.reasons.is_empty(), self.is_invalid()) {
            (true, _) => return formatter.write_str("valid"),
            (false, true) => "invalid",
            (false, false) => "degraded",
        };
        let reasons: Vec<_> = self.reasons.iter().map(Reason::to_string).collect();
        write!(formatter, "{word} ({})", reasons.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use load::validity::Disturbance;

    use super::*;

    #[track_caller]
    fn check(reasons: Vec<Reason>, expected: &str) {
        assert_eq!(Validity { reasons }.to_string(), expected);
    }

    #[test]
    fn without_reasons_a_trial_is_valid() {
        check(vec![], "valid");
    }

    #[test]
    fn a_little_stolen_time_degrades_and_much_invalidates() {
        assert_eq!(Reason::for_steal(0.01), None);
        check(
            vec![Reason::CpuSteal { share: 0.1 }],
            "degraded (10 % of the processor time was stolen)",
        );
        check(
            vec![Reason::CpuSteal { share: 0.3 }],
            "invalid (30 % of the processor time was stolen)",
        );
    }

    #[test]
    fn what_disturbed_a_generator_degrades_or_invalidates_as_it_says() {
        let stalled = |severity| {
            let disturbance = Disturbance::GeneratorStall { max_ms: 200.0 };
            Reason::Load(Finding { disturbance, severity })
        };
        let text = "(the generator did not run for 200 ms)";
        check(vec![stalled(Severity::Degrades)], &format!("degraded {text}"));
        check(vec![stalled(Severity::Invalidates)], &format!("invalid {text}"));
    }

    #[test]
    fn the_worst_reason_decides() {
        let step = Reason::ClockStep { step_ms: -250.0 };
        let death = Reason::InstanceDied { instance: "worker-0".into(), how: "signal 9".into() };
        check(vec![step.clone()], "degraded (the clock stepped by -250 ms)");
        check(vec![step, death], "invalid (the clock stepped by -250 ms; worker-0 died: signal 9)");
    }
}

//! What may disturb a load, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that disturbed a load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Disturbance {
    /// The generator sent later than it could have.
    GeneratorLag {
        /// The 99th percentile of its lag, in milliseconds.
        p99_ms: f64,
    },
    /// The generator did not run for a while.
    GeneratorStall {
        /// For how many milliseconds, at most.
        max_ms: f64,
    },
    /// The hypervisor gave processor time to others.
    CpuSteal {
        /// Stolen share of the machine's processor time, 0 to 1.
        share: f64,
    },
    /// The wall clock jumped against the monotonic one.
    ClockStep {
        /// By how many milliseconds, forwards positive.
        step_ms: f64,
    },
    /// Requests were never sent.
    Dropped {
        /// How many.
        n: u64,
        /// Of those that were due, 0 to 1.
        share: f64,
    },
    /// Requests failed.
    Errors {
        /// How many.
        n: u64,
        /// Of those that were due, 0 to 1.
        share: f64,
    },
    /// Requests waited for a free connection, so that the schedule was not kept.
    Backpressure {
        /// How many.
        n: u64,
        /// Of those that were due, 0 to 1.
        share: f64,
    },
    /// Before the load, the generator measured a known delay wrong.
    Miscalibrated {
        /// What it measured less what there was, in microseconds.
        error_us: f64,
    },
    /// There is no measured answer.
    NothingMeasured,
}

/// A disturbance, and how bad it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What happened.
    pub disturbance: Disturbance,
    /// How bad it is.
    pub severity: Severity,
}

/// How bad a disturbance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The numbers may be used, with this beside them.
    Degrades,
    /// They may not.
    Invalidates,
}

impl fmt::Display for Disturbance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GeneratorLag { p99_ms } => {
                write!(formatter, "the generator lagged by {p99_ms:.1} ms (p99)")
            }
            Self::GeneratorStall { max_ms } => {
                write!(formatter, "the generator did not run for {max_ms:.0} ms")
            }
            Self::CpuSteal { share } => {
                write!(formatter, "{} of the processor time was stolen", Percent(*share))
            }
            Self::ClockStep { step_ms } => {
                write!(formatter, "the clock stepped by {step_ms:.0} ms")
            }
            Self::Dropped { n, share } => {
                write!(formatter, "{n} requests ({}) were never sent", Percent(*share))
            }
            Self::Errors { n, share } => {
                write!(formatter, "{n} requests ({}) failed", Percent(*share))
            }
            Self::Backpressure { n, share } => {
                write!(formatter, "{n} requests ({}) waited for a connection", Percent(*share))
            }
            Self::Miscalibrated { error_us } => {
                write!(formatter, "a known delay was measured wrong by {:.1} ms", error_us / 1e3)
            }
            Self::NothingMeasured => formatter.write_str("no measured request was answered"),
        }
    }
}

/// A share as people read it, with the digits that tell it from none.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        let digits = if percent < 0.1 { 3 } else { 1 };
        write!(formatter, "{percent:.digits$} %")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Degrades => "degraded",
            Severity::Invalidates => "invalid",
        };
        write!(formatter, "{word}: {}", self.disturbance)
    }
}

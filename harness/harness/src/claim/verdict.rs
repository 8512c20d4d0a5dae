//! What a run says of a claim, and how many claims got which verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Judged;

/// What a run says of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval lies within the tolerance.
    Reproduced,
    /// The interval lies outside.
    Refuted,
    /// The interval straddles a bound, or there is none.
    Inconclusive {
        /// How many trials would decide, if any number would.
        trials_needed: Option<usize>,
    },
    /// The run lacked something.
    NotExercised {
        /// What.
        lacking: Vec<String>,
    },
}

impl Verdict {
    /// The verdict without its reasons.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Refuted => "refuted",
            Self::Inconclusive { .. } => "inconclusive",
            Self::NotExercised { .. } => "not exercised",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())?;
        match self {
            Self::Reproduced | Self::Refuted | Self::Inconclusive { trials_needed: None } => Ok(()),
            Self::Inconclusive { trials_needed: Some(n) } => {
                write!(formatter, " (about {n} trials would decide)")
            }
            Self::NotExercised { lacking } => {
                write!(formatter, " (needs {})", lacking.join(", "))
            }
        }
    }
}

/// How a number came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The system ran and was measured.
    Measured,
    /// The system ran on a stand-in for its hardware or network.
    Emulated,
    /// The system's decisions ran in virtual time.
    Simulated,
}

impl Evidence {
    /// The evidence in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Emulated => "emulated",
            Self::Simulated => "simulated",
        }
    }
}

/// How many claims got which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    reproduced: usize,
    refuted: usize,
    inconclusive: usize,
    not_exercised: usize,
}

impl Tally {
    /// Counts verdicts.
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let mut tally = Self::default();
        for one in judged {
            *match one.verdict {
                Verdict::Reproduced => &mut tally.reproduced,
                Verdict::Refuted => &mut tally.refuted,
                Verdict::Inconclusive { .. } => &mut tally.inconclusive,
                Verdict::NotExercised { .. } => &mut tally.not_exercised,
            } += 1;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reproduced, refuted, inconclusive, not_exercised } = self;
        write!(
            formatter,
            "{reproduced} reproduced, {refuted} refuted, {inconclusive} inconclusive, \
             {not_exercised} not exercised"
        )
    }
}

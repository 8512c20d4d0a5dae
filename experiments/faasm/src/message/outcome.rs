//! How a call ended, and how a poll says so.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::payload;

/// The end of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// What the guest returned; [`Outcome::FAILED`] if it did not return.
    pub return_value: i32,
    /// The guest's output, or the reason why it failed.
    #[serde(with = "payload")]
    pub output: Vec<u8>,
    /// Whether the call started cold because its interval asked for it.
    #[serde(default)]
    pub is_cold: bool,
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The call has not ended.
    Running,
    /// It ended.
    Ended(Outcome),
}

impl Outcome {
    /// The return value of a call that trapped, timed out or never ran.
    pub const FAILED: i32 = -1;

    /// A call that ended for `reason` instead of returning.
    #[must_use]
    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::of(Self::FAILED, reason.to_string().into_bytes())
    }

    /// A call that returned, on a warm start.
    #[must_use]
    pub fn of(return_value: i32, output: Vec<u8>) -> Self {
        Self { return_value, output, is_cold: false }
    }

    /// Whether the guest returned 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.return_value == 0
    }

    /// The form that the state tier keeps.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a number and a string are always JSON")
    }

    /// Reads what [`Outcome::to_json`] wrote.
    ///
    /// # Errors
    /// If `json` is something else.
    pub fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}

impl Status {
    /// The text of the answer: `RUNNING`, `SUCCESS: <output>` or `FAILED: <output>`.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        match self {
            Self::Running => b"RUNNING".to_vec(),
            Self::Ended(outcome) if outcome.is_success() => {
                [b"SUCCESS: ".as_slice(), &outcome.output].concat()
            }
            Self::Ended(outcome) => [b"FAILED: ".as_slice(), &outcome.output].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_the_state_tier() {
        let outcome = Outcome { is_cold: true, ..Outcome::of(3, vec![0, 159, 146]) };
        assert_eq!(Outcome::from_json(&outcome.to_json()).unwrap(), outcome);
    }

    #[test]
    fn a_poll_answers_one_of_three_texts() {
        let success = Outcome::of(0, b"done".to_vec());
        assert_eq!(Status::Running.to_text(), b"RUNNING");
        assert_eq!(Status::Ended(success).to_text(), b"SUCCESS: done");
        assert_eq!(Status::Ended(Outcome::failed("trap")).to_text(), b"FAILED: trap");
    }
}

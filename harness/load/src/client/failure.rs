//! Why a request has no good answer.

use std::{fmt, str::FromStr};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Why a request has no good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection broke, or was closed within the answer.
    Closed,
    /// There was no whole answer in time.
    Timeout,
    /// The answer breaks the rules of its protocol.
    Malformed,
    /// The answer says that the request failed, with this status.
    Status(u16),
    /// The answer says that the request failed, in a protocol without statuses.
    Refused,
}

const NAMES: [(&str, Failure); 5] = [
    ("connect", Failure::Connect),
    ("closed", Failure::Closed),
    ("timeout", Failure::Timeout),
    ("malformed", Failure::Malformed),
    ("refused", Failure::Refused),
];

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Status(status) = self {
            return write!(formatter, "status-{status}");
        }
        let named = NAMES.iter().find(|(_, failure)| failure == self);
        formatter.write_str(named.map_or("", |(name, _)| name))
    }
}

impl FromStr for Failure {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let status = text.strip_prefix("status-").and_then(|status| status.parse().ok());
        let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, failure)| *failure);
        named
            .or(status.map(Self::Status))
            .with_context(|| format!("`{text}` is no kind of failure"))
    }
}

impl TryFrom<String> for Failure {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_prints_as_it_parses() {
        for (name, failure) in NAMES {
            assert_eq!(failure.to_string(), name);
            assert_eq!(name.parse::<Failure>().unwrap(), failure);
        }
        assert_eq!(Failure::Status(503).to_string(), "status-503");
        assert_eq!("status-503".parse::<Failure>().unwrap(), Failure::Status(503));
        assert!("status-".parse::<Failure>().is_err());
    }
}

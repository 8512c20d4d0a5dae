//! How often a call starts cold.

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Serialize};

/// Every so many calls of a process, or of a Faaslet, one starts cold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColdStartInterval(NonZeroU32);

impl ColdStartInterval {
    /// Of 0 there is none: no call starts cold.
    #[must_use]
    pub fn new(n_calls: u32) -> Option<Self> {
        NonZeroU32::new(n_calls).map(Self)
    }

    /// Whether the call that comes after `n_before` others starts cold.
    #[must_use]
    pub fn divides(self, n_before: u64) -> bool {
        n_before.is_multiple_of(u64::from(self.0.get()))
    }
}

impl FromStr for ColdStartInterval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| {
            format!("`cold_start_interval` is `{text}`, and should be a number of calls, 1 or more")
        })
    }
}

impl fmt::Display for ColdStartInterval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

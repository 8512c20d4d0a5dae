//! The time that messages take.

use serde::{Deserialize, Serialize};

use crate::time::{MICROSECOND, Nanos};

/// Between any two processes messages take the same time, whatever their size, and do
/// not hold each other up. In the original's replay the controller sends the inputs
/// that it makes along with each INFER; here these are free until they are on a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Network {
    /// From one process to another, in nanoseconds.
    pub one_way: Nanos,
}

impl Default for Network {
    /// Half the original's round trip between two machines of its testbed, 54 µs
    /// (its documentation, `firstrun`).
    fn default() -> Self {
        Self { one_way: 27 * MICROSECOND }
    }
}

//! What an instance has used, and where each figure comes from.

use node::NetworkBytes;
use serde::{Deserialize, Serialize};

/// The usage of one instance from its start to the reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The instance.
    pub instance: String,
    /// Its role.
    pub role: String,
    /// Seconds since its start.
    pub lifetime_s: f64,
    /// Processor time of all its processes, user and system.
    pub cpu_s: f64,
    /// Where the processor time comes from: `proc`, `cgroup-v1`, `cgroup-v2`.
    pub cpu_source: String,
    /// The highest memory seen.
    pub memory_peak_bytes: u64,
    /// The memory integrated over time.
    pub memory_byte_s: f64,
    /// Where the memory comes from: `pss`, `cgroup-v1`, `cgroup-v2`.
    pub memory_source: String,
    /// Readings of memory that the peak and the integral rest on.
    pub n_samples: u64,
    /// Bytes on its sockets as it counted them itself; `None` if it cannot.
    pub network: Option<NetworkBytes>,
}

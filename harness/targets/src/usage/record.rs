//! What an instance has used, and where each figure comes from.

use node::NetworkBytes;
use serde::{Deserialize, Serialize};

/// The usage of one instance from its start to the reading.
///
/// Memory is not one thing. `pss` is the proportional set size of its
/// processes: their private pages and their share of the shared ones.
/// `cgroup-v1`, `cgroup-v2` and `docker-api` are its working set: what its
/// control group is charged, page cache included but for the part that was not
/// used lately, as `docker stats` shows it. A job that reads files looks larger
/// by this than by its PSS.
///
/// The last moments differ too. Processor time and interfaces are read once
/// more when the instance has ended, memory is not: its last sample stands until
/// the end. With the source `docker-api` nothing is read after the end; what was
/// used since the last answer, up to 200 ms before, is missing.
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
    /// Where the processor time comes from: `proc`, `cgroup-v1`, `cgroup-v2`,
    /// `docker-api`, or `none` if it was gone before it could be read.
    pub cpu_source: String,
    /// The highest memory seen.
    pub memory_peak_bytes: u64,
    /// The memory integrated over time.
    pub memory_byte_s: f64,
    /// Where the memory comes from: `pss`, `cgroup-v1`, `cgroup-v2`,
    /// `docker-api`, `none`. Without any sample it is the highest charge of the
    /// control group, all page cache included.
    pub memory_source: String,
    /// Readings of memory that the peak and the integral rest on.
    pub n_samples: u64,
    /// Their mean distance; `None` with fewer than two.
    #[serde(default)]
    pub sampling_interval_s: Option<f64>,
    /// Bytes on its sockets as it counted them itself; `None` if it cannot.
    pub network: Option<NetworkBytes>,
    /// Bytes at its network interface; `None` if it shares the machine's.
    #[serde(default)]
    pub interface: Option<InterfaceBytes>,
}

/// What passed through an instance's own network interfaces, loopback left
/// out: whole frames, headers and retransmissions included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceBytes {
    /// Bytes that it sent.
    pub sent_bytes: u64,
    /// Bytes that it received.
    pub received_bytes: u64,
    /// Where they come from: `proc-net-dev`, `docker-api`.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_before_there_were_interfaces_is_read() {
        let old = r#"{"instance": "worker-0", "role": "worker", "lifetime_s": 1.5, "cpu_s": 0.5,
            "cpu_source": "proc", "memory_peak_bytes": 4096, "memory_byte_s": 6144.0,
            "memory_source": "pss", "n_samples": 30, "network": null}"#;
        let usage: Usage = serde_json::from_str(old).unwrap();
        assert_eq!((usage.sampling_interval_s, usage.interface), (None, None));
    }
}

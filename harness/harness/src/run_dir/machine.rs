//! What machine a run ran on.

use std::{fs, thread};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::hex;

/// The machine, as far as it moves results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    /// Processor model.
    pub cpu: String,
    /// Processors this process may use.
    pub cores: u32,
    /// Memory.
    pub memory_bytes: u64,
    /// Kernel release.
    pub kernel: String,
    /// Frequency governor of the first processor, if the machine has one.
    pub governor: Option<String>,
}

impl Machine {
    /// Reads this machine's /proc and /sys.
    #[must_use]
    pub(crate) fn here() -> Self {
        Self {
            cpu: first_field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            cores: thread::available_parallelism().map_or(1, |n| n.get() as u32),
            memory_bytes: first_field("/proc/meminfo", "MemTotal")
                .and_then(|value| value.trim_end_matches(" kB").parse::<u64>().ok())
                .map_or(0, |kib| kib * 1024),
            kernel: read_trimmed("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into()),
            governor: read_trimmed("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        }
    }

    /// Names the machines on which absolute times are comparable.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> String {
        let governor = self.governor.as_deref().unwrap_or("none");
        let text = format!("{}|{}|{}|{governor}", self.cpu, self.cores, self.kernel);
        hex(&Sha256::digest(text.as_bytes())[..6])
    }
}

fn first_field(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

fn read_trimmed(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

//! Whether this machine and this process have room for more instances.

use anyhow::Context as _;

/// The share of the machine's memory that stays free.
const MEMORY_KEPT: f64 = 0.1;
/// Mappings that stay free, for whatever else the process does.
const MAPPINGS_KEPT: u64 = 8192;

/// What instances use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headroom {
    memory_total_kib: u64,
    memory_available_kib: u64,
    mappings: u64,
    mappings_max: u64,
}

impl Headroom {
    /// Looks at this machine, and at this process.
    ///
    /// # Errors
    /// If /proc does not tell.
    pub fn now() -> anyhow::Result<Self> {
        let read = |path| std::fs::read_to_string(path).with_context(|| format!("read {path}"));
        let memory = read("/proc/meminfo")?;
        let kib = |name| field_kib(&memory, name).with_context(|| format!("no {name} in meminfo"));
        let max = read("/proc/sys/vm/max_map_count")?;
        Ok(Self {
            memory_total_kib: kib("MemTotal:")?,
            memory_available_kib: kib("MemAvailable:")?,
            mappings: read("/proc/self/maps")?.lines().count() as u64,
            mappings_max: max.trim().parse().context("parse vm.max_map_count")?,
        })
    }

    /// What is too short for more instances, if anything is.
    #[must_use]
    pub fn lacks(&self) -> Option<String> {
        let kept_kib = self.memory_total_kib as f64 * MEMORY_KEPT;
        if (self.memory_available_kib as f64) < kept_kib {
            return Some(format!("memory: {} MiB left", self.memory_available_kib / 1024));
        }
        (self.mappings + MAPPINGS_KEPT > self.mappings_max)
            .then(|| format!("mappings of one process: vm.max_map_count is {}", self.mappings_max))
    }
}

fn field_kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMPLE: Headroom = Headroom {
        memory_total_kib: 1 << 20,
        memory_available_kib: 1 << 19,
        mappings: 100,
        mappings_max: 65_530,
    };

    #[test]
    fn memory_and_mappings_end_before_they_have_run_out() {
        assert_eq!(AMPLE.lacks(), None);
        let full = Headroom { memory_available_kib: 90 << 10, ..AMPLE };
        assert_eq!(full.lacks().as_deref(), Some("memory: 90 MiB left"));
        let mapped = Headroom { mappings: 60_000, ..AMPLE };
        let expected = "mappings of one process: vm.max_map_count is 65530";
        assert_eq!(mapped.lacks().as_deref(), Some(expected));
    }

    #[test]
    fn a_field_is_read_in_kib() {
        assert_eq!(field_kib("MemTotal:  24 kB\nMemAvailable: 7 kB\n", "MemAvailable:"), Some(7));
        assert_eq!(field_kib("", "MemTotal:"), None);
    }
}

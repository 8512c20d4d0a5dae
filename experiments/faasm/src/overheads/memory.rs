//! Memory per idle instance: the slope over their number.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Readings while instances were idle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What was read: `pss`, or where a control group counts, its kind.
    pub source: String,
    /// By number of instances; the first has the fewest.
    pub readings: Vec<Reading>,
}

/// Memory with some instances idle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Instances.
    pub n_idle: u64,
    /// Memory of all of them and of what they share.
    pub bytes: u64,
    /// The resident set, where it is known.
    pub rss_bytes: Option<u64>,
}

/// What this process occupies now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Occupied {
    pss_bytes: u64,
    rss_bytes: u64,
}

impl Memory {
    /// What one more instance takes; nothing without two readings to compare.
    #[must_use]
    pub fn per_instance_bytes(&self) -> Option<f64> {
        self.slope(|reading| Some(reading.bytes))
    }

    /// The same of the resident set.
    #[must_use]
    pub fn rss_per_instance_bytes(&self) -> Option<f64> {
        self.slope(|reading| reading.rss_bytes)
    }

    fn slope(&self, of: impl Fn(&Reading) -> Option<u64>) -> Option<f64> {
        let (first, last) = (self.readings.first()?, self.readings.last()?);
        let n_more = last.n_idle.checked_sub(first.n_idle).filter(|n_more| *n_more > 0)?;
        Some((of(last)? as f64 - of(first)? as f64) / n_more as f64)
    }
}

impl Reading {
    /// Reads this process, which holds `n_idle` instances.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn of_this_process(n_idle: u64) -> anyhow::Result<Self> {
        let path = "/proc/self/smaps_rollup";
        let rollup = std::fs::read_to_string(path).with_context(|| format!("read {path}"))?;
        let Occupied { pss_bytes, rss_bytes } =
            Occupied::parse(&rollup).with_context(|| format!("{path} has no Pss or Rss"))?;
        Ok(Self { n_idle, bytes: pss_bytes, rss_bytes: Some(rss_bytes) })
    }
}

impl Occupied {
    fn parse(rollup: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        };
        Some(Self { pss_bytes: bytes("Pss:")?, rss_bytes: bytes("Rss:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(n_idle: u64, bytes: u64) -> Reading {
        Reading { n_idle, bytes, rss_bytes: Some(2 * bytes) }
    }

    #[track_caller]
    fn check(readings: &[Reading], expected: Option<f64>) {
        let memory = Memory { source: "pss".into(), readings: readings.to_vec() };
        assert_eq!(memory.per_instance_bytes(), expected);
    }

    #[test]
    fn what_all_share_is_nobodys() {
        let shared = 10_000_000;
        check(&[reading(10, shared + 10 * 300), reading(100, shared + 100 * 300)], Some(300.0));
    }

    #[test]
    fn the_resident_set_has_a_slope_of_its_own() {
        let readings = vec![reading(1, 1000), reading(3, 2000)];
        let memory = Memory { source: "pss".into(), readings };
        assert_eq!(memory.rss_per_instance_bytes(), Some(1000.0));
    }

    #[test]
    fn without_two_numbers_of_instances_there_is_no_slope() {
        check(&[], None);
        check(&[reading(5, 1000)], None);
        check(&[reading(5, 1000), reading(5, 2000)], None);
    }

    #[test]
    fn the_kernels_rollup_is_read() {
        let rollup = "7f00-7fff ---p 00000000 00:00 0 [rollup]\nRss:    2048 kB\nPss:    12 kB\n\
                      Pss_Dirty:   4 kB\n";
        let occupied = Occupied { pss_bytes: 12 * 1024, rss_bytes: 2048 * 1024 };
        assert_eq!(Occupied::parse(rollup), Some(occupied));
        assert_eq!(Occupied::parse("Rss: 1 kB\n"), None);
    }
}

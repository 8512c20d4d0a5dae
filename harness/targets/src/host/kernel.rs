//! What the kernel's files say of a whole host. Pure.

use serde::{Deserialize, Serialize};

use crate::process::TICKS_PER_S;

/// 512 bytes, whatever the device's own sectors are.
const SECTOR_BYTES: u64 = 512;

/// Seconds that processors spent, summed over them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processors {
    /// In processes, niced ones and guests included.
    #[serde(rename = "cpu_user_s")]
    pub user_s: f64,
    /// In the kernel.
    #[serde(rename = "cpu_system_s")]
    pub system_s: f64,
    /// Idle while a disk was waited for.
    #[serde(rename = "cpu_iowait_s")]
    pub iowait_s: f64,
    /// Idle.
    #[serde(rename = "cpu_idle_s")]
    pub idle_s: f64,
}

/// Bytes sent and received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Bytes sent.
    #[serde(rename = "net_sent_bytes")]
    pub sent_bytes: u64,
    /// Bytes received.
    #[serde(rename = "net_received_bytes")]
    pub received_bytes: u64,
}

/// The times in the first line of /proc/stat: user, nice, system, idle, iowait.
pub(super) fn processors(stat: &str) -> Option<Processors> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let seconds = |ticks: u64| ticks as f64 / TICKS_PER_S as f64;
    let &[user, nice, system, idle, iowait, ..] = ticks.as_slice() else { return None };
    Some(Processors {
        user_s: seconds(user + nice),
        system_s: seconds(system),
        iowait_s: seconds(iowait),
        idle_s: seconds(idle),
    })
}

/// The bytes that /proc/diskstats says were written to the devices that
/// `is_disk` knows.
pub(super) fn written_bytes(diskstats: &str, is_disk: impl Fn(&str) -> bool) -> u64 {
    let sectors = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        // Major, minor and name, then four words of reads; two of writes precede.
        let n_sectors: u64 = words.get(9)?.parse().ok()?;
        is_disk(words.get(2)?).then_some(n_sectors)
    };
    diskstats.lines().filter_map(sectors).sum::<u64>() * SECTOR_BYTES
}

/// The memory that /proc/meminfo does not call available.
pub(super) fn memory_used_bytes(meminfo: &str) -> Option<u64> {
    let kib = |name: &str| -> Option<u64> {
        let rest = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    Some(kib("MemTotal")?.saturating_sub(kib("MemAvailable")?) * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_holds_the_times_of_all_processors() {
        let stat = "cpu  100 20 300 4000 50 6 7 8 9 10\ncpu0 1 1 1 1 1\n";
        let expected = Processors { user_s: 1.2, system_s: 3.0, iowait_s: 0.5, idle_s: 40.0 };
        assert_eq!(processors(stat), Some(expected));
        assert_eq!(processors("cpu  1 2 3 4\n"), None);
        assert_eq!(processors("intr 1 2 3 4 5\n"), None);
    }

    #[test]
    fn bytes_count_where_they_reach_a_disk() {
        let diskstats = " 253       0 vda 10 1 800 5 20 2 1600 9 0 7 9\n \
                          253       1 vda1 10 1 800 5 20 2 1600 9 0 7 9\n   \
                            7       0 loop0 1 1 8 5 2 2 16 9 0 7 9\n";
        assert_eq!(written_bytes(diskstats, |device| device == "vda"), 1600 * 512);
        assert_eq!(written_bytes("", |_| true), 0);
    }

    #[test]
    fn memory_is_used_that_nobody_could_have() {
        let meminfo = "MemTotal:       24000 kB\nMemFree: 100 kB\nMemAvailable:   20000 kB\n";
        assert_eq!(memory_used_bytes(meminfo), Some(4000 * 1024));
        assert_eq!(memory_used_bytes("MemTotal: 1 kB\n"), None);
    }
}

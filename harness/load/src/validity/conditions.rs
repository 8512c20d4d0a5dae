//! The machine's condition at an instant; two of them tell what disturbed the
//! time between.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

/// Where readings come from: the machine, unless a test has its own.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What the kernel says of processor time.
    pub stat: PathBuf,
    /// What the wall clock says.
    pub wall: fn() -> SystemTime,
}

impl Default for Sources {
    fn default() -> Self {
        Self { stat: PathBuf::from("/proc/stat"), wall: SystemTime::now }
    }
}

/// Readings at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// The wall clock.
    pub wall: SystemTime,
    /// The monotonic clock.
    pub monotonic: Instant,
    /// The machine's processor time so far; none where the kernel does not say.
    pub processor: Option<ProcessorTime>,
}

/// The machine's processor time so far, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorTime {
    /// What the hypervisor gave to others.
    pub stolen: u64,
    /// All of it, idle time included.
    pub total: u64,
}

impl Conditions {
    /// Reads all sources.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let stat = fs::read_to_string(&sources.stat).ok();
        Self {
            wall: (sources.wall)(),
            monotonic: Instant::now(),
            processor: stat.as_deref().and_then(ProcessorTime::parse),
        }
    }

    /// The share of processor time, 0 to 1, that was stolen until `later`; none
    /// if the kernel did not say, or no tick has passed.
    #[must_use]
    pub fn stolen_share_until(&self, later: &Self) -> Option<f64> {
        let (before, after) = (self.processor?, later.processor?);
        let total = after.total.checked_sub(before.total).filter(|total| *total > 0)?;
        Some(after.stolen.saturating_sub(before.stolen) as f64 / total as f64)
    }

    /// By how many milliseconds the wall clock was stepped until `later`,
    /// forwards positive.
    #[must_use]
    pub fn clock_step_ms_until(&self, later: &Self) -> f64 {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        let wall_ms = match later.wall.duration_since(self.wall) {
            Ok(forwards) => ms(forwards),
            Err(backwards) => -ms(backwards.duration()),
        };
        wall_ms - ms(later.monotonic.saturating_duration_since(self.monotonic))
    }
}

impl ProcessorTime {
    /// Reads the first line of /proc/stat: user, nice, system, idle, iowait,
    /// irq, softirq, steal; guest times are contained in user and nice.
    #[must_use]
    pub fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let words = line.split_whitespace().take(8);
        let ticks: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { stolen: *ticks.get(7)?, total: ticks.iter().sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_line() {
        let time = ProcessorTime::parse("cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 1 1 1 1\n");
        assert_eq!(time, Some(ProcessorTime { stolen: 8, total: 36 }));
        for wrong in ["", "cpu  1 2 3", "intr 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7 x"] {
            assert_eq!(ProcessorTime::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_share_is_of_all_processors_and_unknown_stays_unknown() {
        let at = |stolen, total| Conditions {
            wall: SystemTime::UNIX_EPOCH,
            monotonic: Instant::now(),
            processor: Some(ProcessorTime { stolen, total }),
        };
        assert_eq!(at(5, 100).stolen_share_until(&at(15, 200)), Some(0.1));
        assert_eq!(at(5, 100).stolen_share_until(&at(5, 100)), None);
        let unknown = Conditions { processor: None, ..at(0, 0) };
        assert_eq!(unknown.stolen_share_until(&at(5, 100)), None);
    }

    #[test]
    fn a_step_is_what_the_wall_clock_did_beyond_the_monotonic_one() {
        let before = Conditions::read(&Sources::default());
        let later = |wall_ms: u64| Conditions {
            wall: before.wall + Duration::from_millis(wall_ms),
            monotonic: before.monotonic + Duration::from_secs(2),
            ..before
        };
        assert!((before.clock_step_ms_until(&later(2_000))).abs() < 1e-3);
        assert!((before.clock_step_ms_until(&later(1_750)) + 250.0).abs() < 1e-3);
    }
}

//! What /proc says about processes, and signals that cannot hit a stranger.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::label::{LABEL_VARIABLE, RunLabel};

/// Name of the environment variable that holds the instance's resource name.
pub(crate) const INSTANCE_VARIABLE: &str = "REPRISE_INSTANCE";

/// Name of the environment variable that makes a process a reaper.
pub(crate) const REAPER_VARIABLE: &str = "REPRISE_REAPER";

/// USER_HZ, the unit of times in /proc: 100 in the interface of every
/// architecture that Linux's Rust targets support.
pub(crate) const TICKS_PER_S: u64 = 100;

/// The flag of kernel threads in /proc/PID/stat.
const PF_KTHREAD: u64 = 0x0020_0000;

/// One life of a process id: ids are reused, start times within a boot are not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Incarnation {
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since the boot.
    pub start_ticks: u64,
    /// The boot in which it did.
    #[serde(default)]
    pub boot_id: String,
}

/// One line of /proc/PID/stat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) state: char,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    pub(crate) session: u32,
    pub(crate) start_ticks: u64,
    /// Of the process and of the children that it has waited for.
    pub(crate) cpu: Duration,
    is_kernel_thread: bool,
}

/// All processes at (nearly) one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) processes: BTreeMap<u32, Stat>,
}

/// What a process's environment says about its origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The run whose label it carries.
    pub(crate) run: Option<RunLabel>,
    /// The resource name of the instance it belongs to.
    pub(crate) instance: Option<String>,
    /// Whether it is a reaper.
    pub(crate) is_reaper: bool,
    /// Whether nothing at all stands there: it may be in the middle of an exec.
    pub(crate) is_blank: bool,
}

impl Incarnation {
    /// This process.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn current() -> anyhow::Result<Self> {
        Self::of(std::process::id())?.context("this process is not in /proc")
    }

    /// The process that has this id now, if any.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn of(pid: u32) -> anyhow::Result<Option<Self>> {
        let Some(stat) = Stat::of(pid) else { return Ok(None) };
        Ok(Some(Self { pid, start_ticks: stat.start_ticks, boot_id: boot_id()? }))
    }

    /// Whether the process is still running; a zombie is not.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn is_alive(&self) -> anyhow::Result<bool> {
        Ok(self.boot_id == boot_id()? && self.stat().is_some_and(|stat| !stat.is_dead()))
    }

    /// Its line in /proc, unless the id is another's by now.
    pub(crate) fn stat(&self) -> Option<Stat> {
        Stat::of(self.pid).filter(|stat| stat.start_ticks == self.start_ticks)
    }
}

impl Stat {
    /// Reads /proc/PID/stat; `None` if there is no such process.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(line: &str) -> Option<Self> {
        // The name may hold spaces and parentheses; the last one closes it.
        let (head, tail) = line.trim_end().rsplit_once(") ")?;
        let (pid, name) = head.split_once(" (")?;
        let fields: Vec<&str> = tail.split(' ').collect();
        // proc(5) counts from 1 and the state is its field 3.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let id = |field: usize| number(field)?.try_into().ok();
        let cpu_ticks: u64 = (14..=17).map(number).sum::<Option<u64>>()?;
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            is_kernel_thread: number(9)? & PF_KTHREAD != 0,
            cpu: Duration::from_millis(cpu_ticks * 1000 / TICKS_PER_S),
            start_ticks: number(22)?,
        })
    }

    /// Whether it only waits to be reaped.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether every one of its threads has been stopped by a signal.
    pub(crate) fn is_frozen(&self) -> bool {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid)) else { return false };
        let state = |thread: io::Result<fs::DirEntry>| {
            let line = fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
            Some(Self::parse(&line)?.state)
        };
        // A thread that has just ended cannot be read any more.
        threads.filter_map(state).all(|state| matches!(state, 'T' | 't' | 'Z' | 'X'))
    }

    /// How long ago it started.
    pub(crate) fn age(&self, uptime: Duration) -> Duration {
        uptime.saturating_sub(Duration::from_millis(self.start_ticks * 1000 / TICKS_PER_S))
    }

    /// What its environment says of its origin; nothing if it is hidden.
    pub(crate) fn marks(&self) -> Marks {
        if self.is_kernel_thread || self.is_dead() {
            return Marks::default();
        }
        match fs::read(format!("/proc/{}/environ", self.pid)) {
            Ok(environment) => Marks::parse(&environment),
            Err(_) => Marks::default(),
        }
    }

    /// Sends a signal to exactly this process, whoever has its id by now.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else {
            return Ok(());
        };
        let outcome = pidfd_open(pid, PidfdFlags::empty()).and_then(|process| {
            // The descriptor holds the id from here on; was it still ours?
            let unchanged =
                Self::of(self.pid).is_some_and(|now| now.start_ticks == self.start_ticks);
            if unchanged { pidfd_send_signal(process, signal) } else { Ok(()) }
        });
        match outcome {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Marks {
    fn parse(environment: &[u8]) -> Self {
        let mut marks = Self { is_blank: environment.is_empty(), ..Self::default() };
        for variable in environment.split(|byte| *byte == 0) {
            let Some((name, value)) =
                str::from_utf8(variable).ok().and_then(|text| text.split_once('='))
            else {
                continue;
            };
            match name {
                LABEL_VARIABLE => marks.run = RunLabel::parse(value).ok(),
                INSTANCE_VARIABLE => marks.instance = Some(value.to_owned()),
                REAPER_VARIABLE => marks.is_reaper = true,
                _ => {}
            }
        }
        marks
    }
}

impl Table {
    /// Reads all of /proc.
    pub(crate) fn read() -> io::Result<Self> {
        let mut processes = BTreeMap::new();
        for entry in fs::read_dir("/proc")? {
            let pid = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if let Some(stat) = pid.and_then(Stat::of) {
                processes.insert(stat.pid, stat);
            }
        }
        Ok(Self { processes })
    }

    /// These processes and all that descend from them.
    pub(crate) fn with_descendants(&self, roots: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        let mut found: BTreeSet<u32> = roots.into_iter().collect();
        let mut frontier: Vec<u32> = found.iter().copied().collect();
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for stat in self.processes.values() {
            children.entry(stat.parent).or_default().push(stat.pid);
        }
        while let Some(pid) = frontier.pop() {
            for child in children.get(&pid).into_iter().flatten() {
                if found.insert(*child) {
                    frontier.push(*child);
                }
            }
        }
        found
    }

    /// Whether a process younger than this has a blank environment: it may be
    /// one of ours in the middle of an exec.
    pub(crate) fn has_young_blank(&self, age: Duration) -> bool {
        let Ok(uptime) = uptime() else { return false };
        self.processes
            .values()
            .filter(|stat| stat.age(uptime) < age)
            .any(|stat| stat.marks().is_blank)
    }

    /// This process and its ancestors, which no cleaning may touch.
    pub(crate) fn lineage(&self) -> BTreeSet<u32> {
        let mut lineage = BTreeSet::new();
        let mut pid = std::process::id();
        while pid != 0 && lineage.insert(pid) {
            pid = self.processes.get(&pid).map_or(0, |stat| stat.parent);
        }
        lineage
    }
}

/// The proportional set size of a process: its private pages, and its share of
/// those it shares. `None` if it is gone or hidden.
pub(crate) fn pss_bytes(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let n_kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(n_kib * 1024)
}

/// How long the machine has been up.
pub(crate) fn uptime() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/uptime").context("read /proc/uptime")?;
    let first = text.split(' ').next().unwrap_or_default();
    let seconds = first.parse().with_context(|| format!("read /proc/uptime: `{text}`"))?;
    Ok(Duration::from_secs_f64(seconds))
}

fn boot_id() -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .context("read the boot's identity")?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "42 (a b) c) S 7 40 39 0 -1 4194304 100 0 0 0 150 50 25 25 20 0 1 0 987654 \
                        1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0";

    #[test]
    fn a_name_with_spaces_and_parentheses_is_read() {
        let stat = Stat::parse(LINE).unwrap();
        assert_eq!((stat.pid, stat.name.as_str(), stat.state), (42, "a b) c", 'S'));
        assert_eq!((stat.parent, stat.group, stat.session), (7, 40, 39));
        assert_eq!((stat.start_ticks, stat.cpu), (987_654, Duration::from_millis(2500)));
    }

    #[test]
    fn a_truncated_line_is_no_process() {
        assert_eq!(Stat::parse("42 (x) S 7 40"), None);
    }

    #[test]
    fn marks_are_read_among_other_variables() {
        let marks = Marks::parse(b"A=1\0REPRISE_RUN=0123456789ab\0REPRISE_INSTANCE=w-0\0");
        assert_eq!(marks.run.unwrap().as_str(), "0123456789ab");
        assert_eq!(marks.instance.unwrap(), "w-0");
    }

    #[test]
    fn a_malformed_label_is_no_label() {
        assert_eq!(Marks::parse(b"REPRISE_RUN=0123456789abcd\0").run, None);
        assert_eq!(Marks::parse(b"XREPRISE_RUN=0123456789ab\0").run, None);
    }

    #[test]
    fn this_process_is_alive_and_its_successor_is_not() {
        let this = Incarnation::current().unwrap();
        assert!(this.is_alive().unwrap());
        let reused = Incarnation { start_ticks: this.start_ticks + 1, ..this.clone() };
        assert!(!reused.is_alive().unwrap());
        let other_boot = Incarnation { boot_id: "another".to_owned(), ..this };
        assert!(!other_boot.is_alive().unwrap());
    }

    #[test]
    fn this_process_is_in_its_own_lineage() {
        assert!(Table::read().unwrap().lineage().contains(&std::process::id()));
    }
}

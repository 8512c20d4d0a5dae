//! Control groups, versions 1 and 2, where this process may create them.
//!
//! A group counts the processor time of everything an instance ever started,
//! holds even what escaped its session, and enforces limits. Where none may be
//! created, /proc has to do, and nothing can be limited.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    process::Stat,
    role::Resources,
    wait::{self, Interval},
};

/// The first part of the name of every group that we make.
pub(crate) const PREFIX: &str = "reprise-";

/// How long the kernel may take to let go of a dead member.
const DEATH: Duration = Duration::from_secs(10);

/// How long a member that was killed may still look alive.
const DYING: Duration = Duration::from_millis(500);

const CPU_PERIOD_US: f64 = 100_000.0;

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) version: Version,
    pub(crate) mount: PathBuf,
    /// The controllers of a version 1 hierarchy.
    controllers: Vec<String>,
}

/// The version of a hierarchy's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// One instance's groups, one directory in each hierarchy that is of use.
#[derive(Debug, Clone)]
pub(crate) struct Cgroup {
    pub(crate) name: String,
    groups: Vec<(Hierarchy, PathBuf)>,
}

impl Version {
    /// Where a figure comes from, as [`crate::usage::Usage`] names it.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::V1 => "cgroup-v1",
            Self::V2 => "cgroup-v2",
        }
    }
}

impl Hierarchy {
    /// The hierarchies that are mounted here and of use to us.
    pub(crate) fn mounted() -> Vec<Self> {
        fs::read_to_string("/proc/self/mountinfo")
            .map(|text| text.lines().filter_map(Self::parse).collect())
            .unwrap_or_default()
    }

    fn parse(line: &str) -> Option<Self> {
        let (head, tail) = line.split_once(" - ")?;
        let mount = PathBuf::from(head.split(' ').nth(4)?);
        let mut tail = tail.split(' ');
        let (kind, options) = (tail.next()?, tail.nth(1)?);
        let wanted = |option: &&str| matches!(*option, "cpu" | "cpuacct" | "memory");
        let controllers: Vec<String> =
            options.split(',').filter(wanted).map(str::to_owned).collect();
        match kind {
            "cgroup2" => Some(Self { version: Version::V2, mount, controllers: vec![] }),
            "cgroup" if !controllers.is_empty() => {
                Some(Self { version: Version::V1, mount, controllers })
            }
            _ => None,
        }
    }

    fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|known| known == controller)
    }
}

impl Cgroup {
    /// The group that an instance would have; nothing is created yet.
    pub(crate) fn plan(name: &str, hierarchies: &[Hierarchy]) -> Self {
        let groups = hierarchies
            .iter()
            .map(|hierarchy| (hierarchy.clone(), hierarchy.mount.join(name)))
            .collect();
        Self { name: name.to_owned(), groups }
    }

    /// Creates it where that is allowed; `None` if it is allowed nowhere.
    pub(crate) fn create(mut self) -> Option<Self> {
        self.groups.retain(|(_, dir)| fs::create_dir(dir).is_ok());
        (!self.groups.is_empty()).then_some(self)
    }

    /// Where it is.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.groups.iter().map(|(_, dir)| dir.as_path())
    }

    /// Files to which a process writes `0` to become a member.
    pub(crate) fn entrances(&self) -> io::Result<Vec<File>> {
        self.dirs()
            .map(|dir| OpenOptions::new().write(true).open(dir.join("cgroup.procs")))
            .collect()
    }

    /// Enforces the limits; an error names the one that cannot be.
    pub(crate) fn limit(&self, resources: &Resources) -> Result<(), &'static str> {
        if let Some(n_bytes) = resources.memory_bytes {
            self.limit_memory(n_bytes).then_some(()).ok_or("memory")?;
        }
        if let Some(cpus) = resources.cpus {
            self.limit_cpus(cpus).then_some(()).ok_or("processors")?;
        }
        Ok(())
    }

    /// Processor time of all present and past members.
    pub(crate) fn cpu(&self) -> Option<(Duration, &'static str)> {
        self.groups.iter().find_map(|(hierarchy, dir)| {
            let cpu = match hierarchy.version {
                Version::V2 => usage_us(dir).map(Duration::from_micros),
                Version::V1 => number(&dir.join("cpuacct.usage")).map(Duration::from_nanos),
            };
            cpu.map(|cpu| (cpu, hierarchy.version.source()))
        })
    }

    /// The highest memory ever charged, page cache included.
    pub(crate) fn memory_peak_bytes(&self) -> Option<(u64, &'static str)> {
        self.groups.iter().find_map(|(hierarchy, dir)| {
            let file = match hierarchy.version {
                Version::V2 => "memory.peak",
                Version::V1 => "memory.max_usage_in_bytes",
            };
            number(&dir.join(file)).map(|n_bytes| (n_bytes, hierarchy.version.source()))
        })
    }

    /// The members' process ids.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.dirs().next().map(pids).unwrap_or_default()
    }

    /// Removes the groups; false if they have living members and stay.
    ///
    /// A dead process leaves its group a moment after it can be waited for, and
    /// a dying one still looks alive: only who stays for a while has escaped.
    pub(crate) async fn remove(&self) -> bool {
        let is_removed = || async { self.try_remove() };
        if wait::until("its members", DYING, Interval::BACKING_OFF, is_removed).await.is_ok() {
            return true;
        }
        let is_settled = || async { self.try_remove() || self.has_living_members() };
        let _ = wait::until("the last member", DEATH, Interval::BACKING_OFF, is_settled).await;
        self.try_remove()
    }

    fn try_remove(&self) -> bool {
        let n_left = self.dirs().filter(|dir| !remove_empty(dir)).count();
        n_left == 0
    }

    fn has_living_members(&self) -> bool {
        self.dirs().flat_map(pids).any(|pid| Stat::of(pid).is_some_and(|stat| !stat.is_dead()))
    }

    fn limit_memory(&self, n_bytes: u64) -> bool {
        self.groups.iter().any(|(hierarchy, dir)| {
            let file = match hierarchy.version {
                Version::V2 => "memory.max",
                Version::V1 => "memory.limit_in_bytes",
            };
            fs::write(dir.join(file), n_bytes.to_string()).is_ok()
        })
    }

    fn limit_cpus(&self, cpus: f64) -> bool {
        let quota_us = (cpus * CPU_PERIOD_US).round();
        self.groups.iter().any(|(hierarchy, dir)| match hierarchy.version {
            Version::V2 => {
                fs::write(dir.join("cpu.max"), format!("{quota_us} {CPU_PERIOD_US}")).is_ok()
            }
            Version::V1 => {
                hierarchy.has("cpu")
                    && fs::write(dir.join("cpu.cfs_period_us"), CPU_PERIOD_US.to_string()).is_ok()
                    && fs::write(dir.join("cpu.cfs_quota_us"), quota_us.to_string()).is_ok()
            }
        })
    }
}

/// The groups under a hierarchy's root that are ours, whichever run's.
pub(crate) fn ours(hierarchy: &Hierarchy) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(&hierarchy.mount) else { return vec![] };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .collect()
}

/// The process ids of one group directory.
pub(crate) fn pids(dir: &Path) -> Vec<u32> {
    let text = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Removes one group directory; false if it still has members.
pub(crate) fn remove_empty(dir: &Path) -> bool {
    match fs::remove_dir(dir) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn usage_us(dir: &Path) -> Option<u64> {
    let text = fs::read_to_string(dir.join("cpu.stat")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("usage_usec "))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(version: Version, files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroup) {
        let root = tempfile::tempdir().unwrap();
        let controllers = vec!["cpu".to_owned(), "cpuacct".to_owned(), "memory".to_owned()];
        let hierarchy = Hierarchy { version, mount: root.path().to_owned(), controllers };
        let group = Cgroup::plan("reprise-x", &[hierarchy]).create().unwrap();
        for (name, text) in files {
            fs::write(root.path().join("reprise-x").join(name), text).unwrap();
        }
        (root, group)
    }

    #[test]
    fn version_1_is_read() {
        let files = [("cpuacct.usage", "2500000000\n"), ("memory.max_usage_in_bytes", "4096\n")];
        let (_root, group) = recorded(Version::V1, &files);
        assert_eq!(group.cpu(), Some((Duration::from_millis(2500), "cgroup-v1")));
        assert_eq!(group.memory_peak_bytes(), Some((4096, "cgroup-v1")));
    }

    #[test]
    fn version_2_is_read() {
        let stat = "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n";
        let files = [("cpu.stat", stat), ("memory.peak", "4096\n"), ("cgroup.procs", "7\n12\n")];
        let (_root, group) = recorded(Version::V2, &files);
        assert_eq!(group.cpu(), Some((Duration::from_millis(2500), "cgroup-v2")));
        assert_eq!(group.memory_peak_bytes(), Some((4096, "cgroup-v2")));
        assert_eq!(group.pids(), [7, 12]);
    }

    #[test]
    fn version_2_limits_are_written_in_its_words() {
        let (root, group) = recorded(Version::V2, &[]);
        group.limit(&Resources { cpus: Some(1.5), memory_bytes: Some(1 << 20) }).unwrap();
        let read = |name| fs::read_to_string(root.path().join("reprise-x").join(name)).unwrap();
        assert_eq!(read("cpu.max"), "150000 100000");
        assert_eq!(read("memory.max"), "1048576");
    }

    #[test]
    fn version_1_limits_are_written_in_its_words() {
        let (root, group) = recorded(Version::V1, &[]);
        group.limit(&Resources { cpus: Some(0.5), memory_bytes: Some(1 << 20) }).unwrap();
        let read = |name| fs::read_to_string(root.path().join("reprise-x").join(name)).unwrap();
        assert_eq!(read("cpu.cfs_quota_us"), "50000");
        assert_eq!(read("memory.limit_in_bytes"), "1048576");
    }

    #[test]
    fn mounts_of_both_versions_are_recognised() {
        let v1 = "33 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
        let v2 = "34 30 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        let pids = "35 30 0:29 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids";
        assert_eq!(Hierarchy::parse(v1).unwrap().controllers, ["memory"]);
        assert_eq!(Hierarchy::parse(v2).unwrap().version, Version::V2);
        assert_eq!(Hierarchy::parse(pids), None);
    }
}

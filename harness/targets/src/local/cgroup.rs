//! Control groups of our own, where this process may create them.
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
    cgroup::{
        Hierarchy, Version,
        group::{Group, pids},
    },
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

/// One instance's group.
#[derive(Debug, Clone)]
pub(crate) struct Cgroup {
    pub(crate) name: String,
    pub(crate) group: Group,
}

impl Cgroup {
    /// The group that an instance would have; nothing is created yet.
    pub(crate) fn plan(name: &str, hierarchies: &[Hierarchy]) -> Self {
        let dirs = hierarchies
            .iter()
            .map(|hierarchy| (hierarchy.clone(), hierarchy.mount.join(name)))
            .collect();
        Self { name: name.to_owned(), group: Group { dirs } }
    }

    /// Creates it where that is allowed; `None` if it is allowed nowhere.
    pub(crate) fn create(mut self) -> Option<Self> {
        self.group.dirs.retain(|(_, dir)| fs::create_dir(dir).is_ok());
        (!self.group.dirs.is_empty()).then_some(self)
    }

    /// Where it is.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.group.dirs()
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
        self.group.dirs.iter().any(|(hierarchy, dir)| {
            let file = match hierarchy.version {
                Version::V2 => "memory.max",
                Version::V1 => "memory.limit_in_bytes",
            };
            fs::write(dir.join(file), n_bytes.to_string()).is_ok()
        })
    }

    fn limit_cpus(&self, cpus: f64) -> bool {
        let quota_us = (cpus * CPU_PERIOD_US).round();
        self.group.dirs.iter().any(|(hierarchy, dir)| match hierarchy.version {
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

/// Removes one group directory; false if it still has members.
pub(crate) fn remove_empty(dir: &Path) -> bool {
    match fs::remove_dir(dir) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(version: Version) -> (tempfile::TempDir, Cgroup) {
        let root = tempfile::tempdir().unwrap();
        let controllers = vec!["cpu".to_owned(), "cpuacct".to_owned(), "memory".to_owned()];
        let hierarchy =
            Hierarchy { version, mount: root.path().to_owned(), root: "/".into(), controllers };
        let group = Cgroup::plan("reprise-x", &[hierarchy]).create().unwrap();
        (root, group)
    }

    #[test]
    fn version_2_limits_are_written_in_its_words() {
        let (root, group) = made(Version::V2);
        group
            .limit(&Resources { cpus: Some(1.5), memory_bytes: Some(1 << 20), disk_bytes: None })
            .unwrap();
        let read = |name| fs::read_to_string(root.path().join("reprise-x").join(name)).unwrap();
        assert_eq!(read("cpu.max"), "150000 100000");
        assert_eq!(read("memory.max"), "1048576");
    }

    #[test]
    fn version_1_limits_are_written_in_its_words() {
        let (root, group) = made(Version::V1);
        group
            .limit(&Resources { cpus: Some(0.5), memory_bytes: Some(1 << 20), disk_bytes: None })
            .unwrap();
        let read = |name| fs::read_to_string(root.path().join("reprise-x").join(name)).unwrap();
        assert_eq!(read("cpu.cfs_quota_us"), "50000");
        assert_eq!(read("memory.limit_in_bytes"), "1048576");
    }
}

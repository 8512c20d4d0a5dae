//! One control group: what it has used, and who is in it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Hierarchy, Version};

/// The directories of one group, one in each hierarchy that has it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) dirs: Vec<(Hierarchy, PathBuf)>,
}

impl Group {
    /// The group that is named after `name` and holds the process, in every
    /// hierarchy that has it; no directory at all if none is to be seen here.
    pub(crate) fn holding(pid: u32, name: &str, hierarchies: &[Hierarchy]) -> Self {
        let memberships = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        let find = |hierarchy: &Hierarchy| {
            let dir = hierarchy.find(&memberships, name).filter(|dir| dir.is_dir())?;
            Some((hierarchy.clone(), dir))
        };
        Self { dirs: hierarchies.iter().filter_map(find).collect() }
    }

    /// Where it is.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.dirs.iter().map(|(_, dir)| dir.as_path())
    }

    /// Processor time of all present and past members, and its source.
    pub(crate) fn cpu(&self) -> Option<(Duration, &'static str)> {
        self.read(|version, dir| match version {
            Version::V1 => number(&dir.join("cpuacct.usage")).map(Duration::from_nanos),
            Version::V2 => field(&dir.join("cpu.stat"), "usage_usec").map(Duration::from_micros),
        })
    }

    /// The working set: the memory charged now, without the part of the page
    /// cache that was not used lately. `docker stats` shows the same figure.
    pub(crate) fn working_set_bytes(&self) -> Option<(u64, &'static str)> {
        self.read(|version, dir| {
            let (charged, inactive) = match version {
                Version::V1 => ("memory.usage_in_bytes", "total_inactive_file"),
                Version::V2 => ("memory.current", "inactive_file"),
            };
            let charged_bytes = number(&dir.join(charged))?;
            // The two are not read at one moment, so they need not fit together.
            Some(charged_bytes.saturating_sub(field(&dir.join("memory.stat"), inactive)?))
        })
    }

    /// The highest memory ever charged, page cache included.
    pub(crate) fn memory_peak_bytes(&self) -> Option<(u64, &'static str)> {
        self.read(|version, dir| match version {
            Version::V1 => number(&dir.join("memory.max_usage_in_bytes")),
            Version::V2 => number(&dir.join("memory.peak")),
        })
    }

    /// The members' process ids.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.dirs().next().map(pids).unwrap_or_default()
    }

    /// What the first hierarchy that knows it says, and its name as a source.
    fn read<T>(&self, read: impl Fn(Version, &Path) -> Option<T>) -> Option<(T, &'static str)> {
        self.dirs.iter().find_map(|(hierarchy, dir)| {
            Some((read(hierarchy.version, dir)?, hierarchy.version.source()))
        })
    }
}

/// The process ids of one group directory.
pub(crate) fn pids(dir: &Path) -> Vec<u32> {
    let text = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The number beside a name, in a file of such lines.
fn field(path: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a kernel 6.18 wrote it for a version 2 group.
    const CPU_STAT: &str = "usage_usec 1717973149\nuser_usec 1513797785\n\
                            system_usec 204175363\nnice_usec 139977\n";

    /// In the form of a version 2 group, in part.
    const MEMORY_STAT_V2: &str = "anon 67543040\nfile 12886016\nkernel 1261568\n\
                                  file_mapped 4259840\ninactive_anon 67497984\n\
                                  active_anon 45056\ninactive_file 8388608\n\
                                  active_file 4497408\nunevictable 0\npgfault 18321\n";

    /// As a kernel 6.18 wrote it for a version 1 group, in part.
    const MEMORY_STAT_V1: &str = "cache 9723904\nrss 10952704\ninactive_file 32768\n\
                                  active_file 606208\ntotal_cache 2351636480\n\
                                  total_inactive_anon 40071168\n\
                                  total_inactive_file 924520448\n";

    fn recorded(version: Version, files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(root.path().join(name), text).unwrap();
        }
        let mount = root.path().to_owned();
        let hierarchy = Hierarchy { version, mount, root: "/".into(), controllers: vec![] };
        let dirs = vec![(hierarchy, root.path().to_owned())];
        (root, Group { dirs })
    }

    #[test]
    fn version_1_is_read() {
        let files = [
            ("cpuacct.usage", "2500000000\n"),
            ("memory.usage_in_bytes", "2402893824\n"),
            ("memory.max_usage_in_bytes", "2440000000\n"),
            ("memory.stat", MEMORY_STAT_V1),
        ];
        let (_root, group) = recorded(Version::V1, &files);
        assert_eq!(group.cpu(), Some((Duration::from_millis(2500), "cgroup-v1")));
        assert_eq!(group.memory_peak_bytes(), Some((2_440_000_000, "cgroup-v1")));
        let working_set_bytes = 2_402_893_824 - 924_520_448;
        assert_eq!(group.working_set_bytes(), Some((working_set_bytes, "cgroup-v1")));
    }

    #[test]
    fn version_2_is_read() {
        let files = [
            ("cpu.stat", CPU_STAT),
            ("memory.current", "81690624\n"),
            ("memory.peak", "83886080\n"),
            ("memory.stat", MEMORY_STAT_V2),
            ("cgroup.procs", "7\n12\n"),
        ];
        let (_root, group) = recorded(Version::V2, &files);
        assert_eq!(group.cpu(), Some((Duration::from_micros(1_717_973_149), "cgroup-v2")));
        assert_eq!(group.memory_peak_bytes(), Some((83_886_080, "cgroup-v2")));
        assert_eq!(group.working_set_bytes(), Some((81_690_624 - 8_388_608, "cgroup-v2")));
        assert_eq!(group.pids(), [7, 12]);
    }

    #[test]
    fn a_hierarchy_without_the_controller_is_passed_over() {
        let (_v2_root, bare) = recorded(Version::V2, &[]);
        let (_v1_root, full) = recorded(Version::V1, &[("cpuacct.usage", "1000000\n")]);
        let both = Group { dirs: [bare.dirs, full.dirs].concat() };
        assert_eq!(both.cpu(), Some((Duration::from_millis(1), "cgroup-v1")));
        assert_eq!(both.working_set_bytes(), None);
    }
}

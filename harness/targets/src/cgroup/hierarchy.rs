//! The hierarchies that are mounted, and where in them a process is.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) version: Version,
    pub(crate) mount: PathBuf,
    /// The group of the hierarchy that is at the mount point, usually `/`.
    pub(crate) root: PathBuf,
    /// The controllers of a version 1 hierarchy.
    pub(crate) controllers: Vec<String>,
}

/// The version of a hierarchy's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
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
        let mut head = head.split(' ').skip(3).map(PathBuf::from);
        let (root, mount) = (head.next()?, head.next()?);
        let mut tail = tail.split(' ');
        let (kind, options) = (tail.next()?, tail.nth(1)?);
        let wanted = |option: &&str| matches!(*option, "cpu" | "cpuacct" | "memory");
        let controllers: Vec<String> =
            options.split(',').filter(wanted).map(str::to_owned).collect();
        match kind {
            "cgroup2" => Some(Self { version: Version::V2, mount, root, controllers: vec![] }),
            "cgroup" if !controllers.is_empty() => {
                Some(Self { version: Version::V1, mount, root, controllers })
            }
            _ => None,
        }
    }

    pub(crate) fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|known| known == controller)
    }

    /// The directory of the group that is named after `name` and that a
    /// process is in, itself or by a group below it. `memberships` is the
    /// process's /proc/PID/cgroup.
    pub(crate) fn find(&self, memberships: &str, name: &str) -> Option<PathBuf> {
        let path = memberships.lines().find_map(|line| self.path_in(line))?;
        let below = path.strip_prefix(&self.root).ok()?;
        let is_named = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(name);
        let depth = below.components().position(|part| is_named(&part))?;
        Some(self.mount.join(below.components().take(depth + 1).collect::<PathBuf>()))
    }

    /// The path in a line of /proc/PID/cgroup, if the line is about us.
    fn path_in<'a>(&self, line: &'a str) -> Option<&'a Path> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let is_ours = match self.version {
            Version::V1 => controllers.split(',').any(|controller| self.has(controller)),
            Version::V2 => controllers.is_empty(),
        };
        is_ours.then(|| Path::new(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: &str = "33 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
    const UNIFIED: &str = "34 30 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw";

    fn found(mount: &str, membership: &str) -> Option<String> {
        let path = Hierarchy::parse(mount).unwrap().find(membership, "0123abcd")?;
        Some(path.display().to_string())
    }

    #[test]
    fn mounts_of_both_versions_are_recognised() {
        let pids = "35 30 0:29 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids";
        assert_eq!(Hierarchy::parse(MEMORY).unwrap().controllers, ["memory"]);
        assert_eq!(Hierarchy::parse(UNIFIED).unwrap().version, Version::V2);
        assert_eq!(Hierarchy::parse(pids), None);
    }

    #[test]
    fn a_containers_group_is_found_with_either_driver() {
        let cgroupfs = "8:pids:/x\n4:memory:/docker/0123abcd\n0::/\n";
        assert_eq!(found(MEMORY, cgroupfs).unwrap(), "/sys/fs/cgroup/memory/docker/0123abcd");
        let systemd = "0::/system.slice/docker-0123abcd.scope\n";
        let dir = "/sys/fs/cgroup/system.slice/docker-0123abcd.scope";
        assert_eq!(found(UNIFIED, systemd).unwrap(), dir);
    }

    #[test]
    fn a_process_deeper_in_the_container_is_in_the_containers_group() {
        let dir = found(UNIFIED, "0::/docker/0123abcd/init.scope\n").unwrap();
        assert_eq!(dir, "/sys/fs/cgroup/docker/0123abcd");
    }

    #[test]
    fn a_mount_below_the_root_is_taken_into_account() {
        let mount = "33 30 0:27 /outer /cg rw,relatime - cgroup cgroup rw,memory";
        let dir = found(mount, "4:memory:/outer/docker/0123abcd\n").unwrap();
        assert_eq!(dir, "/cg/docker/0123abcd");
        assert_eq!(found(mount, "4:memory:/docker/0123abcd\n"), None);
    }

    #[test]
    fn a_group_of_another_name_is_not_taken_for_the_containers() {
        assert_eq!(found(MEMORY, "4:memory:/docker/4567\n0::/docker/0123abcd\n"), None);
        assert_eq!(found(UNIFIED, "4:memory:/docker/0123abcd\n0::/\n"), None);
    }
}

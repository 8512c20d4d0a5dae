//! What the target `local` needs of this machine.

use std::path::Path;

use rustix::fs::{Access, access};

use super::{Checkup, Platform, program::REDIS};
use crate::{
    cgroup::{Hierarchy, Version},
    process::pss_bytes,
    target::Shortfall,
};

/// The kernel that all tests have passed on, and when.
const VERIFIED: (&str, Version, &str) = ("6.18", Version::V1, "2026-11-21");

pub(super) async fn checkup() -> Checkup {
    let hierarchies = Hierarchy::mounted();
    let mut checkup = Checkup {
        target: "local",
        shortfalls: shortfalls(),
        platform: Some(platform(&kernel(), version(&hierarchies))),
        extras: vec![],
        lacking_extras: vec![],
    };
    note_rights(&hierarchies, &mut checkup);
    REDIS.note(&mut checkup).await;
    checkup
}

/// What the target cannot run without.
pub(crate) fn shortfalls() -> Vec<Shortfall> {
    let mut shortfalls = Vec::new();
    if pss_bytes(std::process::id()).is_none() {
        shortfalls.push(Shortfall {
            missing: "there is no /proc/PID/smaps_rollup, from which memory is read".to_owned(),
            mend: "mount -t proc proc /proc, on Linux 4.14 or newer".to_owned(),
        });
    }
    if std::net::TcpListener::bind(("127.0.0.1", 0)).is_err() {
        shortfalls.push(Shortfall {
            missing: "the loopback interface is down".to_owned(),
            mend: "ip link set lo up".to_owned(),
        });
    }
    shortfalls
}

/// Groups of our own enforce limits and count a process's time to its end.
fn note_rights(hierarchies: &[Hierarchy], checkup: &mut Checkup) {
    let may_write = |mount: &Path| access(mount, Access::WRITE_OK).is_ok();
    if hierarchies.iter().any(|hierarchy| may_write(&hierarchy.mount)) {
        let version = version(hierarchies).unwrap_or("cgroups");
        checkup.extras.push(format!("{version} may be made: limits, exact processor time"));
        return;
    }
    checkup.lacking_extras.push(Shortfall {
        missing: "this user may make no cgroups, which are for limits and exact processor time"
            .to_owned(),
        mend: "run as root, or leave [resources.ROLE] out of the profile".to_owned(),
    });
}

fn platform(kernel: &str, version: Option<&str>) -> Platform {
    let (verified_kernel, verified_version, day) = VERIFIED;
    let is_like = kernel.split('.').take(2).eq(verified_kernel.split('.'))
        && version == Some(words(verified_version));
    let name = format!("Linux {kernel}, {}", version.unwrap_or("no cgroups"));
    Platform { name, verified: is_like.then_some(day) }
}

/// The version of the hierarchies that are mounted; the older one where both are.
fn version(hierarchies: &[Hierarchy]) -> Option<&'static str> {
    let has = |version| hierarchies.iter().any(|hierarchy| hierarchy.version == version);
    [Version::V1, Version::V2].into_iter().find(|version| has(*version)).map(words)
}

fn words(version: Version) -> &'static str {
    match version {
        Version::V1 => "cgroups v1",
        Version::V2 => "cgroups v2",
    }
}

fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_tried_is_called_verified() {
        let verified = |kernel, version| platform(kernel, Some(version)).verified;
        assert_eq!(verified("6.18.5-cloud", "cgroups v1"), Some("2026-11-21"));
        assert_eq!(verified("6.1.0-13-amd64", "cgroups v1"), None);
        assert_eq!(verified("6.18.5", "cgroups v2"), None);
    }

    #[tokio::test]
    async fn this_machine_is_looked_at() {
        let checkup = checkup().await;
        assert!(checkup.platform.is_some_and(|platform| platform.name.starts_with("Linux ")));
        assert!(checkup.extras.len() + checkup.lacking_extras.len() >= 2);
    }
}

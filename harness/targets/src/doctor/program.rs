//! Programs of this machine that some roles and faults are made from.

use std::path::Path;

use super::Checkup;
use crate::{command::Invocation, target::Shortfall, which::which};

/// A program that a target can do without.
#[derive(Debug)]
pub(super) struct Program {
    name: &'static str,
    /// What makes it print its version.
    version_flag: &'static str,
    /// What it is needed for.
    purpose: &'static str,
    /// The package of Debian that has it.
    package: &'static str,
}

/// A real server of the protocol that the state tier speaks.
pub(super) const REDIS: Program = Program {
    name: "redis-server",
    version_flag: "--version",
    purpose: "a real Redis as the state tier",
    package: "redis-server",
};

/// The command of the kernel's packet filter.
pub(super) const NFT: Program = Program {
    name: "nft",
    version_flag: "--version",
    purpose: "network partitions, and delays where the kernel has no netem",
    package: "nftables",
};

/// The command of the kernel's traffic control.
pub(super) const TC: Program = Program {
    name: "tc",
    version_flag: "-Version",
    purpose: "bandwidth limits and delays",
    package: "iproute2",
};

impl Program {
    /// Notes whether it is here.
    pub(super) async fn note(&self, checkup: &mut Checkup) {
        let Self { name, purpose, package, .. } = self;
        match which(name) {
            Some(path) => {
                let version = self.version(&path).await.unwrap_or_else(|| "of some version".into());
                checkup.extras.push(format!("{name} {version}: {purpose}"));
            }
            None => checkup.lacking_extras.push(Shortfall {
                missing: format!("no {name}, which is for {purpose}"),
                mend: format!("apt-get install --yes --no-install-recommends {package}"),
            }),
        }
    }

    async fn version(&self, path: &Path) -> Option<String> {
        let asking = Invocation::new(path, std::env::temp_dir()).args([self.version_flag]);
        let answer = asking.output().await.ok()?;
        version_in(&String::from_utf8_lossy(&answer.stdout)).map(str::to_owned)
    }
}

/// The first thing that looks like a version, such as `1.0.6`.
fn version_in(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let words = text.split(|c| !is_part(c)).map(|word| word.trim_matches('.'));
    words.into_iter().find(|word| word.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(version_in(text), Some(expected));
    }

    #[test]
    fn the_version_is_found_in_what_each_program_prints() {
        check("nftables v1.0.6 (Lester Gooch #5)\n", "1.0.6");
        check("tc utility, iproute2-6.1.0, libbpf 1.1.2\n", "6.1.0");
        check("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64\n", "7.0.15");
        assert_eq!(version_in("no number. none"), None);
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_its_use_and_its_package() {
        let mut checkup = Checkup {
            target: "local",
            shortfalls: vec![],
            platform: None,
            extras: vec![],
            lacking_extras: vec![],
        };
        Program { name: "no-such-program", ..NFT }.note(&mut checkup).await;
        insta::assert_snapshot!(checkup, @r"
        local: ready
          no no-such-program, which is for network partitions, and delays where the kernel has no netem
            mend it with: apt-get install --yes --no-install-recommends nftables
        ");
    }
}

//! The targets that promises are tried on, and what each can do here.

use std::{path::Path, sync::Arc};

use targets::target::Target;
use workspace_tests::{TARGETS, usable_target};

/// What a promise takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The right to limit processors and memory.
    Limits,
    /// The right to limit what a directory holds.
    DiskLimits,
    /// A network of its own for every testbed, and power over it.
    Network,
    /// Roles may be images.
    Images,
    /// Debian's Python.
    Python,
}

/// One target.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// The target, or why there is none.
    pub(crate) target: Result<Arc<dyn Target>, String>,
}

/// All of them, whether or not they can be used here.
pub(crate) fn all() -> Vec<Place> {
    TARGETS.map(|name| Place { name, target: usable_target(name, "conformance") }).into()
}

impl Place {
    /// Why the need is not met here, if it is not.
    pub(crate) fn lacks(&self, need: Need) -> Option<String> {
        let is_docker = self.name == "docker";
        let is_root = rustix::process::geteuid().is_root();
        match need {
            Need::Limits if !is_docker && !may_make_groups() => {
                Some("no right to make control groups (hint: run the tests as root)".into())
            }
            Need::DiskLimits if !is_docker && !is_root => {
                Some("no right to mount file systems (hint: run the tests as root)".into())
            }
            Need::Network | Need::Images if !is_docker => Some(format!(
                "instances share the machine's network on `{}`, and run no images \
                 (hint: --features docker)",
                self.name
            )),
            Need::Python if !Path::new(PYTHON).exists() => {
                Some(format!("no {PYTHON} (hint: apt-get install --yes python3)"))
            }
            _ => None,
        }
    }
}

/// Debian's own Python; one in a user's directory would need more files.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Whether this user may create control groups that limit.
fn may_make_groups() -> bool {
    let candidates = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"];
    candidates.iter().any(|dir| {
        let probe = Path::new(dir).join(format!("probe-{}", std::process::id()));
        let is_made = std::fs::create_dir(&probe).is_ok();
        let limits = ["memory.limit_in_bytes", "memory.max"];
        let may_limit = limits.iter().any(|file| probe.join(file).exists());
        if is_made {
            let _ = std::fs::remove_dir(&probe);
        }
        is_made && may_limit
    })
}

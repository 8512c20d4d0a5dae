//! The target itself: provisioning, listing and removing.

use std::path::Path;

use anyhow::Context as _;
use async_trait::async_trait;

use super::{
    listing::{self, Places},
    remove,
    testbed::LocalTestbed,
};
use crate::{
    audit::Listing,
    label::RunLabel,
    ledger::Resource,
    process::pss_bytes,
    target::{Shortfall, Site, Target, Testbed},
};

/// This machine.
#[derive(Debug, Default)]
pub struct Local {
    places: Places,
}

impl Local {
    /// This machine, with its usual places for temporary things.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Makes orphans of our descendants our own children, so that a daemon that an
/// instance leaves behind is still found. Once per process, before provisioning.
///
/// # Errors
/// If the kernel refuses.
pub fn become_subreaper() -> anyhow::Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .context("become the reaper of orphaned processes")
}

#[async_trait]
impl Target for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn shortfalls(&self) -> Vec<Shortfall> {
        let mut shortfalls = Vec::new();
        if pss_bytes(std::process::id()).is_none() {
            shortfalls.push(Shortfall {
                missing: "/proc/PID/smaps_rollup, from which memory is read".to_owned(),
                mend: "mount -t proc proc /proc, on Linux 4.14 or newer".to_owned(),
            });
        }
        if std::net::TcpListener::bind(("127.0.0.1", 0)).is_err() {
            shortfalls.push(Shortfall {
                missing: "the loopback interface".to_owned(),
                mend: "ip link set lo up".to_owned(),
            });
        }
        shortfalls
    }

    async fn provision(&self, site: Site) -> anyhow::Result<Box<dyn Testbed>> {
        let dir: &Path = &self.places.temporary;
        Ok(Box::new(LocalTestbed::provision(site, dir)?))
    }

    async fn listing(&self, label: &RunLabel) -> anyhow::Result<Listing> {
        listing::list(label, &self.places)
    }

    async fn remove(&self, label: &RunLabel, resource: &Resource) -> anyhow::Result<()> {
        remove::remove(label, resource).await
    }
}

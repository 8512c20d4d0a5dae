//! The target itself: provisioning, listing and removing.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use async_trait::async_trait;

use super::{
    listing::{self, Places},
    remove,
    testbed::LocalTestbed,
};
use crate::{
    audit::Listing,
    doctor,
    label::RunLabel,
    ledger::Resource,
    process::Table,
    target::{Shortfall, Site, Target, Testbed},
    wait::{self, Interval},
};

/// How long a process may leave its environment blank while it executes.
const BLANK: Duration = Duration::from_secs(1);

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
        doctor::local::shortfalls()
    }

    async fn provision(&self, site: Site) -> anyhow::Result<Box<dyn Testbed>> {
        let dir: &Path = &self.places.temporary;
        Ok(Box::new(LocalTestbed::provision(site, dir)?))
    }

    async fn listing(&self, label: &RunLabel) -> anyhow::Result<Listing> {
        listing::list(label, &self.places)
    }

    /// Waits until no young process is in the middle of an exec, when its
    /// environment, and so its label, cannot be seen.
    async fn settle(&self, _outstanding: &[Resource]) {
        let is_settled = || async { Table::read().is_ok_and(|it| !it.has_young_blank(BLANK)) };
        // One whose environment stays empty is not ours.
        let _ = wait::until("young processes", BLANK, Interval::BACKING_OFF, is_settled).await;
    }

    async fn remove(&self, label: &RunLabel, resource: &Resource) -> anyhow::Result<()> {
        remove::remove(label, resource).await
    }
}

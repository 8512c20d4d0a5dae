//! Filling the disk of an instance that has one of its own.

use anyhow::Context as _;
use async_trait::async_trait;

use crate::{
    fault::{FillDisk, has_no_disk},
    local::testbed::LocalTestbed,
    role::Instance,
};

#[async_trait]
impl FillDisk for LocalTestbed {
    async fn fill(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let disk = running.disk.as_ref().ok_or_else(|| has_no_disk(instance))?;
        disk.fill().with_context(|| format!("fill the disk of {}", instance.id))
    }

    async fn free(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let disk = running.disk.as_ref().ok_or_else(|| has_no_disk(instance))?;
        disk.free().with_context(|| format!("free the disk of {}", instance.id))
    }
}

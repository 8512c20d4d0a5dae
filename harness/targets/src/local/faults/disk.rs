//! Filling the disk of an instance that has one of its own.

use anyhow::Context as _;
use async_trait::async_trait;

use crate::{fault::FillDisk, local::testbed::LocalTestbed, role::Instance};

/// Why the disk of an instance cannot be filled, and what to do.
const NO_DISK: &str = "it has no disk of its own that could be filled \
                       (hint: give its role a limit, such as --set resources.ROLE.disk-bytes=…)";

#[async_trait]
impl FillDisk for LocalTestbed {
    async fn fill(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let disk = running.disk.as_ref().context(NO_DISK);
        // In memory as it is, it fills at the speed of memory.
        disk.and_then(|disk| disk.fill()).with_context(|| format!("fill {}", instance.id))
    }

    async fn free(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let disk = running.disk.as_ref().context(NO_DISK);
        disk.and_then(|disk| disk.free()).with_context(|| format!("free {}", instance.id))
    }
}

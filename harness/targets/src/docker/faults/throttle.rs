//! Throttling: a token bucket on what leaves the instance.

use anyhow::ensure;
use async_trait::async_trait;

use super::shape::Shape;
use crate::{
    docker::testbed::DockerTestbed,
    fault::{BitRate, Means, Throttle},
    role::Instance,
};

#[async_trait]
impl Throttle for DockerTestbed {
    async fn throttle(&self, instance: &Instance, limit: BitRate) -> anyhow::Result<Means> {
        ensure!(limit.0 >= 8, "a limit of {limit} lets nothing pass (hint: cut the network)");
        self.limit(instance, Some(limit)).await?;
        Ok(Means::Tbf)
    }

    async fn unthrottle(&self, instance: &Instance) -> anyhow::Result<()> {
        self.limit(instance, None).await
    }
}

impl DockerTestbed {
    async fn limit(&self, instance: &Instance, limit: Option<BitRate>) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        let mut all = self.faults.in_force.lock().await;
        let in_force = all.entry(instance.id.clone()).or_default();
        let shape = Shape { limit, ..in_force.shape };
        self.faults.shape(&running, shape).await?;
        in_force.shape = shape;
        Ok(())
    }
}

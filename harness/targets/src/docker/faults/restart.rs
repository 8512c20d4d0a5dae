//! Restarting: the same container again, with its name, address and files.

use async_trait::async_trait;

use super::shape::Shape;
use crate::{
    docker::{instance::Running, testbed::DockerTestbed},
    fault::{Restart, was_stopped},
    role::Instance,
};

#[async_trait]
impl Restart for DockerTestbed {
    async fn restart(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        // Held, so that nobody stops it half way.
        let is_stopped = running.is_stopped.lock().await;
        if *is_stopped {
            return Err(was_stopped(instance));
        }
        running.kill_all().await?;
        running.start_again().await?;
        self.watch(&running);
        self.restore(&running).await
    }
}

impl DockerTestbed {
    /// Puts the faults of its network in force again: a container that starts
    /// has a new one. In the moment before, they are not.
    async fn restore(&self, running: &Running) -> anyhow::Result<()> {
        let mut all = self.faults.in_force.lock().await;
        let Some(in_force) = all.get_mut(&running.instance.id) else { return Ok(()) };
        for peer in in_force.cut_from.values() {
            self.faults.cut_again(running, *peer).await?;
        }
        if in_force.shape != Shape::default() {
            self.faults.shape(running, in_force.shape).await?;
        }
        if let Some(proxied) = in_force.proxied.take() {
            self.faults.dismiss(&proxied.helper).await?;
            if let Some(one_way) = proxied.one_way {
                self.faults.delay_by_proxy(running, in_force, one_way).await?;
            }
        }
        Ok(())
    }
}

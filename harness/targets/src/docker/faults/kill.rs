//! Killing: the container's processes, by the daemon.

use anyhow::ensure;
use async_trait::async_trait;

use crate::{
    docker::{
        instance::{DEATH, Running},
        testbed::DockerTestbed,
    },
    fault::{Kill, has_ended},
    role::Instance,
    wait,
};

#[async_trait]
impl Kill for DockerTestbed {
    async fn kill(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        running.kill_all().await
    }
}

impl Running {
    /// Kills the container's first process, with which the kernel ends all
    /// others, and returns when none runs.
    pub(super) async fn kill_all(&self) -> anyhow::Result<()> {
        // What dies on its own from here on is indistinguishable.
        self.account.read().await;
        self.life.expect_end();
        self.signal("SIGKILL").await?;
        let what = format!("the end of {}", self.instance.id);
        wait::within(&what, DEATH, self.life.ended()).await?;
        ensure!(!self.is_running().await?, "{} was killed and still runs", self.instance.id);
        Ok(())
    }

    /// An error if it has ended already.
    pub(super) fn expect_alive(&self) -> anyhow::Result<()> {
        self.life.ending().map_or(Ok(()), |ending| Err(has_ended(&self.instance, &ending.how)))
    }
}

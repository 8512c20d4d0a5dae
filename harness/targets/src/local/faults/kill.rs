//! Killing: every process of the instance at once, without asking.

use async_trait::async_trait;

use crate::{
    fault::{Kill, has_ended},
    local::{
        instance::{Running, process_group},
        remove,
        testbed::LocalTestbed,
    },
    role::Instance,
};

#[async_trait]
impl Kill for LocalTestbed {
    async fn kill(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        running.kill_all().await
    }
}

impl Running {
    /// Kills everything that it ever started and that still lives, and returns
    /// when it is gone.
    pub(super) async fn kill_all(&self) -> anyhow::Result<()> {
        self.life.expect_end();
        // The group first: it dies at once, so that nobody in it sees another die.
        self.kill();
        let group = process_group(&self.name).with_leader(&self.account.leader());
        remove::remove(self.ledger.label(), &group).await?;
        self.life.ended().await;
        Ok(())
    }

    /// An error if it has ended already.
    pub(super) fn expect_alive(&self) -> anyhow::Result<()> {
        self.life.ending().map_or(Ok(()), |ending| Err(has_ended(&self.instance, &ending.how)))
    }
}

//! Restarting: the same command again, at the same ports, on the same files.

use anyhow::ensure;
use async_trait::async_trait;

use crate::{fault::Restart, local::testbed::LocalTestbed, role::Instance};

#[async_trait]
impl Restart for LocalTestbed {
    async fn restart(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        // Held, so that nobody stops it half way.
        let is_stopped = running.is_stopped.lock().await;
        ensure!(
            !*is_stopped,
            "{} was stopped and cannot be restarted (hint: start another)",
            instance.id
        );
        running.kill_all().await?;
        running.start_again()?;
        self.watch(&running);
        Ok(())
    }
}

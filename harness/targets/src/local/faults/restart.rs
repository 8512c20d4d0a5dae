//! Restarting: the same command again, at the same ports, on the same files.

use async_trait::async_trait;

use crate::{
    fault::{Restart, was_stopped},
    local::testbed::LocalTestbed,
    role::Instance,
};

#[async_trait]
impl Restart for LocalTestbed {
    async fn restart(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        // Held, so that nobody stops it half way.
        let is_stopped = running.is_stopped.lock().await;
        if *is_stopped {
            return Err(was_stopped(instance));
        }
        running.kill_all().await?;
        running.start_again()?;
        self.watch(&running);
        Ok(())
    }
}

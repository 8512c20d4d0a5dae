//! Pausing: every process of the instance is stopped by a signal that none can
//! refuse.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use rustix::process::Signal;

use crate::{
    fault::Pause,
    local::{instance::Running, kin, testbed::LocalTestbed},
    process::{Stat, Table},
    role::Instance,
    wait::{self, Interval},
};

/// How long the kernel may take to stop a process, which may wait for a disk.
const EFFECT: Duration = Duration::from_secs(10);

#[async_trait]
impl Pause for LocalTestbed {
    async fn pause(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        running.is_paused.store(true, Ordering::Release);
        let what = format!("every process of {} to freeze", instance.id);
        running.signal_until(Signal::STOP, &what, Stat::is_frozen).await?;
        // What froze may have been the last of an instance that just died.
        running.expect_alive()
    }

    async fn resume(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        running.resume().await
    }
}

impl Running {
    /// Lets every process go on.
    pub(in crate::local) async fn resume(&self) -> anyhow::Result<()> {
        let what = format!("every process of {} to go on", self.instance.id);
        self.signal_until(Signal::CONT, &what, |stat| !stat.is_frozen()).await?;
        self.is_paused.store(false, Ordering::Release);
        Ok(())
    }

    /// Signals its processes until all are as they should be in one look, since
    /// a process may start another between the look and the signal.
    ///
    /// Children come after their parents: a child that is stopped between its
    /// fork and its exec would hold up a parent that waits for the exec.
    async fn signal_until(
        &self,
        signal: Signal,
        what: &str,
        is_done: impl Fn(&Stat) -> bool + Sync,
    ) -> anyhow::Result<()> {
        let (leader, is_done) = (self.account.leader(), &is_done);
        let leader = &leader;
        let are_done = || async move {
            let Ok(table) = Table::read() else { return false };
            let roots = kin::of_instance(&table, self.ledger.label(), &self.name, Some(leader));
            let mut undone = kin::living(&table, roots);
            undone.retain(|stat| !is_done(stat));
            let pids: BTreeSet<u32> = undone.iter().map(|stat| stat.pid).collect();
            for stat in undone.iter().filter(|stat| !pids.contains(&stat.parent)) {
                // A failure shows in the next look.
                let _ = stat.signal(signal);
            }
            undone.is_empty()
        };
        Ok(wait::until(what, EFFECT, Interval::BACKING_OFF, are_done).await?)
    }
}

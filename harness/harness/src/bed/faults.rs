//! The faults that a trial may inject, each on record with its times.

use std::time::Duration;

use targets::{
    fault::{BitRate, Means},
    role::Instance,
};

use super::{
    Bed,
    fault_log::{Amount, Kind},
};
use crate::fault::Fault;

/// Each returns once the effect was seen, and fails if it is not seen in time,
/// or if the target lacks the power. What is still in force at the end of the
/// trial ends with its instances.
impl Bed {
    /// Kills every process of the instance at once. This is no accident: the
    /// trial stays valid.
    ///
    /// # Errors
    /// If it has ended already.
    pub async fn kill(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.kill(), "kill instances")?;
        let entry = self.faults.asked(Kind::Kill, &[instance], None)?;
        power.kill(instance).await?;
        self.faults.in_force(entry, None)
    }

    /// Freezes every process of the instance.
    ///
    /// # Errors
    /// If it has ended.
    pub async fn pause(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.pause(), "pause instances")?;
        let entry = self.faults.asked(Kind::Pause, &[instance], None)?;
        power.pause(instance).await?;
        self.faults.in_force(entry, None)
    }

    /// Lets a paused instance go on.
    ///
    /// # Errors
    /// If it is not paused.
    pub async fn resume(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.pause(), "pause instances")?;
        let entry = self.faults.undo_asked(Kind::Pause, &[instance])?;
        power.resume(instance).await?;
        self.faults.undone(entry)
    }

    /// Starts an instance again that was killed, or kills it first, and waits
    /// until it is ready. It has its addresses and its files.
    ///
    /// # Errors
    /// If it does not start or is not ready in time; with its last log lines.
    pub async fn restart(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.restart(), "restart instances")?;
        let entry = self.faults.asked(Kind::Restart, &[instance], None)?;
        let ending = self.faults.restart_asked(instance)?;
        power.restart(instance).await?;
        self.testbed.ready(instance).await?;
        ending.into_iter().try_for_each(|ended| self.faults.undone(ended))?;
        self.faults.in_force(entry, None)
    }

    /// Drops every packet between the two, silently, in both directions.
    ///
    /// # Errors
    /// If one of them has ended.
    pub async fn cut(&self, a: &Instance, b: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.partition(), "cut the network between instances")?;
        let entry = self.faults.asked(Kind::Partition, &[a, b], None)?;
        power.cut(a, b).await?;
        self.faults.in_force(entry, None)
    }

    /// Lets packets pass between the two again.
    ///
    /// # Errors
    /// If they are not cut off from each other.
    pub async fn heal(&self, a: &Instance, b: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.partition(), "cut the network between instances")?;
        let entry = self.faults.undo_asked(Kind::Partition, &[a, b])?;
        power.heal(a, b).await?;
        self.faults.undone(entry)
    }

    /// Limits what the instance sends, and says by what means.
    ///
    /// # Errors
    /// If it is limited already, or has ended.
    pub async fn throttle(&self, instance: &Instance, limit: BitRate) -> anyhow::Result<Means> {
        let power = self.power(self.testbed.throttle(), "limit the bandwidth of instances")?;
        let entry = self.faults.asked(Kind::Throttle, &[instance], Amount::limit(limit))?;
        let means = power.throttle(instance, limit).await?;
        self.faults.in_force(entry, Some(means))?;
        Ok(means)
    }

    /// Lifts the limit on what the instance sends.
    ///
    /// # Errors
    /// If there is none.
    pub async fn unthrottle(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.throttle(), "limit the bandwidth of instances")?;
        let entry = self.faults.undo_asked(Kind::Throttle, &[instance])?;
        power.unthrottle(instance).await?;
        self.faults.undone(entry)
    }

    /// Delays what the instance sends, and says by what means: see [`Means`]
    /// for what they can.
    ///
    /// # Errors
    /// If it is delayed already, or has ended.
    pub async fn delay(&self, instance: &Instance, one_way: Duration) -> anyhow::Result<Means> {
        let power = self.power(self.testbed.delay(), "delay what instances send")?;
        let entry = self.faults.asked(Kind::Delay, &[instance], Amount::delay(one_way))?;
        let means = power.delay(instance, one_way).await?;
        self.faults.in_force(entry, Some(means))?;
        Ok(means)
    }

    /// Lets the instance send without delay again.
    ///
    /// # Errors
    /// If it is not delayed.
    pub async fn undelay(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.delay(), "delay what instances send")?;
        let entry = self.faults.undo_asked(Kind::Delay, &[instance])?;
        power.undelay(instance).await?;
        self.faults.undone(entry)
    }

    /// Takes all the space that the instance's directory has left.
    ///
    /// # Errors
    /// If the role has no limit of its own on its disk.
    pub async fn fill_disk(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.fill_disk(), "fill the disk of instances")?;
        let entry = self.faults.asked(Kind::DiskFull, &[instance], None)?;
        power.fill(instance).await?;
        self.faults.in_force(entry, None)
    }

    /// Gives the space back that [`Bed::fill_disk`] took.
    ///
    /// # Errors
    /// If it took none, or the instance's own files fill the disk.
    pub async fn free_disk(&self, instance: &Instance) -> anyhow::Result<()> {
        let power = self.power(self.testbed.fill_disk(), "fill the disk of instances")?;
        let entry = self.faults.undo_asked(Kind::DiskFull, &[instance])?;
        power.free(instance).await?;
        self.faults.undone(entry)
    }

    fn power<P>(&self, power: Option<P>, what: &str) -> anyhow::Result<P> {
        power.ok_or_else(|| {
            Fault::unavailable(format!(
                "the target `{}` cannot {what}\n(hint: `--profile docker` runs on one that can)",
                self.environment.target
            ))
        })
    }
}

#[cfg(test)]
mod tests;

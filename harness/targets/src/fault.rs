//! Faults: extra powers that some testbeds have.
//!
//! Every method returns once its effect was seen, not once it was asked for: a
//! kill is a gone process, a pause a frozen one, a partition a failed probe.
//! Undoing is verified in the same way.

use std::{fmt, time::Duration};

use anyhow::anyhow;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::role::Instance;

/// Ends instances as a crash would.
#[async_trait]
pub trait Kill: Send + Sync {
    /// Kills every process of the instance at once. It is no casualty.
    async fn kill(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Freezes instances.
#[async_trait]
pub trait Pause: Send + Sync {
    /// Freezes every process of the instance.
    async fn pause(&self, instance: &Instance) -> anyhow::Result<()>;

    /// Lets it go on.
    async fn resume(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Starts instances anew.
#[async_trait]
pub trait Restart: Send + Sync {
    /// Kills the instance unless it is dead, and starts it again under the same
    /// name, at the same addresses, on the files it left. It need not be ready.
    async fn restart(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Cuts the network between instances.
#[async_trait]
pub trait Partition: Send + Sync {
    /// Drops every packet between the two, silently, in both directions.
    async fn cut(&self, a: &Instance, b: &Instance) -> anyhow::Result<()>;

    /// Lets packets pass again.
    async fn heal(&self, a: &Instance, b: &Instance) -> anyhow::Result<()>;
}

/// Limits the bandwidth of instances.
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Limits what the instance sends.
    async fn throttle(&self, instance: &Instance, limit: BitRate) -> anyhow::Result<Means>;

    /// Lifts the limit.
    async fn unthrottle(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Delays what instances send.
#[async_trait]
pub trait Delay: Send + Sync {
    /// Delays everything that the instance sends to others by `one_way`, so that
    /// its round trips take that much longer. [`Means`] says what is left out.
    async fn delay(&self, instance: &Instance, one_way: Duration) -> anyhow::Result<Means>;

    /// Sends without delay again.
    async fn undelay(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Fills disks.
#[async_trait]
pub trait FillDisk: Send + Sync {
    /// Leaves no byte of what the instance's directory may hold. The instance
    /// must have a limit of its own, or the machine's disk would fill.
    async fn fill(&self, instance: &Instance) -> anyhow::Result<()>;

    /// Gives the space back.
    async fn free(&self, instance: &Instance) -> anyhow::Result<()>;
}

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BitRate(pub u64);

/// By what means a fault is in force; it can matter to what is measured.
///
/// The two ways to delay differ: the emulator delays every packet, those that
/// set a connection up included. The proxy delays the bytes and the end of TCP
/// connections that are opened, by either side, while the delay is in force;
/// it does so to the millisecond, rounded up; and who accepts such a
/// connection sees the instance's own address as its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The kernel's token bucket filter.
    Tbf,
    /// The kernel's network emulator.
    Netem,
    /// A proxy in user space, through which connections are redirected.
    Proxy,
}

impl fmt::Display for BitRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bit/s", self.0)
    }
}

/// Why nothing can be done to an instance that has ended.
pub(crate) fn has_ended(instance: &Instance, how: &str) -> anyhow::Error {
    anyhow!("{} has ended: {how}", instance.id)
}

/// Why an instance that was stopped cannot be restarted.
pub(crate) fn was_stopped(instance: &Instance) -> anyhow::Error {
    anyhow!("{} was stopped and cannot be restarted (hint: start another)", instance.id)
}

/// Why the disk of an instance cannot be filled.
pub(crate) fn has_no_disk(instance: &Instance) -> anyhow::Error {
    anyhow!(
        "{} has no disk of its own that could be filled \
         (hint: give its role a limit, such as --set resources.{}.disk-bytes=64000000)",
        instance.id,
        instance.role
    )
}

//! Where the replicas of a service come from.

mod fixed;
mod probe;
mod processes;
mod spawner;

use std::{future::Future, net::SocketAddr, pin::Pin};

use async_trait::async_trait;

pub use fixed::FixedReplicas;
pub use processes::ProcessReplicas;

use crate::core::ReplicaId;

/// Starts and stops the replicas of one service. What is started is stopped
/// exactly once, whether the start succeeded, failed, or goes on.
#[async_trait]
pub trait Replicas: Send + Sync + 'static {
    /// Starts a replica, and answers when it takes requests.
    ///
    /// # Errors
    /// If it cannot be started, or is not ready within its time.
    async fn start(&self, replica: ReplicaId) -> anyhow::Result<Started>;

    /// Stops a replica, and answers when it is gone.
    async fn stop(&self, replica: ReplicaId);
}

/// A replica that takes requests.
pub struct Started {
    /// Where.
    pub address: SocketAddr,
    /// Resolves when it is gone without having been stopped, with what is known
    /// about why.
    pub lost: Pin<Box<dyn Future<Output = String> + Send>>,
}

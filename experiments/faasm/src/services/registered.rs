//! Replicas that others start, at addresses that they tell the gateway.

use std::net::SocketAddr;

use anyhow::Context as _;
use async_trait::async_trait;
use gateway::{Replicas, Started, core::ReplicaId};
use tokio::sync::{
    Mutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

/// For the gateway, to start a replica is to wait for the next one that
/// registers; to stop one is to leave it alone.
#[derive(Debug)]
pub struct RegisteredReplicas {
    arrivals: UnboundedSender<Arrival>,
    waiting: Mutex<UnboundedReceiver<Arrival>>,
}

#[derive(Debug)]
struct Arrival {
    address: SocketAddr,
    noticed: oneshot::Sender<()>,
}

impl RegisteredReplicas {
    /// Nobody has registered yet.
    #[must_use]
    pub fn new() -> Self {
        let (arrivals, waiting) = unbounded_channel();
        Self { arrivals, waiting: Mutex::new(waiting) }
    }

    /// A replica that takes requests; resolves when the gateway has noticed it.
    ///
    /// # Errors
    /// If the gateway wants no more replicas and has been dropped.
    pub async fn add(&self, address: SocketAddr) -> anyhow::Result<()> {
        let (noticed, notice) = oneshot::channel();
        self.arrivals.send(Arrival { address, noticed }).context("the service has ended")?;
        notice.await.context("the service has ended")
    }
}

impl Default for RegisteredReplicas {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Replicas for RegisteredReplicas {
    async fn start(&self, _: ReplicaId) -> anyhow::Result<Started> {
        let arrival = self.waiting.lock().await.recv().await;
        let Arrival { address, noticed } = arrival.context("the service has ended")?;
        // Whoever registered may have gone away again; its requests will show it.
        let _ = noticed.send(());
        Ok(Started { address, lost: Box::pin(std::future::pending()) })
    }

    async fn stop(&self, _: ReplicaId) {}
}

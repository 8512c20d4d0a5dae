//! Replicas that others start, at addresses that they tell the gateway.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use gateway::{Replicas, Started, core::ReplicaId};
use tokio::sync::{
    Mutex as AsyncMutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

/// For the gateway, to start a replica is to wait for the next one that
/// registers; to stop one is to leave it alone.
#[derive(Debug)]
pub struct RegisteredReplicas {
    n_max: usize,
    /// By address, with the gateway's number once it has one.
    known: Mutex<HashMap<SocketAddr, Option<ReplicaId>>>,
    arrivals: UnboundedSender<Arrival>,
    waiting: AsyncMutex<UnboundedReceiver<Arrival>>,
}

#[derive(Debug)]
struct Arrival {
    address: SocketAddr,
    noticed: oneshot::Sender<()>,
}

impl RegisteredReplicas {
    /// Nobody has registered yet, and at most `n_max` may.
    #[must_use]
    pub fn new(n_max: usize) -> Self {
        let (arrivals, waiting) = unbounded_channel();
        Self { n_max, known: Mutex::default(), arrivals, waiting: AsyncMutex::new(waiting) }
    }

    /// A replica that takes requests; resolves when the gateway has noticed it.
    /// One that says so again, as it may not have heard the answer, stays one.
    ///
    /// # Errors
    /// If there are as many replicas as may be, or the service has ended.
    pub async fn add(&self, address: SocketAddr) -> anyhow::Result<()> {
        let (noticed, notice) = oneshot::channel();
        {
            let mut known = self.known();
            if known.contains_key(&address) {
                return Ok(());
            }
            let n_max = self.n_max;
            ensure!(known.len() < n_max, "{n_max} replicas have registered, and no more may");
            self.arrivals.send(Arrival { address, noticed }).context("the service has ended")?;
            known.insert(address, None);
        }
        notice.await.context("the service has ended")
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SocketAddr, Option<ReplicaId>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Replicas for RegisteredReplicas {
    async fn start(&self, replica: ReplicaId) -> anyhow::Result<Started> {
        let arrival = self.waiting.lock().await.recv().await;
        let Arrival { address, noticed } = arrival.context("the service has ended")?;
        self.known().insert(address, Some(replica));
        // Whoever registered may have gone away again; its requests will show it.
        let _ = noticed.send(());
        Ok(Started { address, lost: Box::pin(std::future::pending()) })
    }

    async fn stop(&self, replica: ReplicaId) {
        // Its process may come back, at the same address.
        self.known().retain(|_, known_as| *known_as != Some(replica));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[tokio::test]
    async fn a_replica_that_registers_again_is_one_replica() {
        let replicas = RegisteredReplicas::new(1);
        let (started, added) = tokio::join!(replicas.start(0), replicas.add(address(1)));
        assert_eq!(started.unwrap().address, address(1));
        added.unwrap();
        replicas.add(address(1)).await.unwrap();
        assert!(replicas.waiting.lock().await.try_recv().is_err(), "it came twice");
    }

    #[tokio::test]
    async fn more_replicas_than_may_be_are_refused_until_one_is_lost() {
        let replicas = RegisteredReplicas::new(1);
        let (_started, added) = tokio::join!(replicas.start(0), replicas.add(address(1)));
        added.unwrap();
        let refused = replicas.add(address(2)).await.unwrap_err().to_string();
        assert_eq!(refused, "1 replicas have registered, and no more may");
        replicas.stop(0).await;
        let (started, added) = tokio::join!(replicas.start(1), replicas.add(address(2)));
        assert_eq!(started.unwrap().address, address(2));
        added.unwrap();
    }
}

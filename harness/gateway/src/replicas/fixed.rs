//! Replicas that somebody else has started.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use node::Meter;
use tokio::{sync::Notify, time::timeout};

use super::{Replicas, Started, probe::Probe};
use crate::core::ReplicaId;

/// Replicas at given addresses: to start one is to wait until it answers, and
/// to stop one is to leave it alone.
pub struct FixedReplicas {
    places: Mutex<Places>,
    freed: Notify,
    probe: Probe,
    ready_limit: Duration,
}

#[derive(Debug)]
struct Places {
    free: Vec<SocketAddr>,
    taken: HashMap<ReplicaId, SocketAddr>,
}

impl FixedReplicas {
    /// The replicas at `addresses`. Each is asked for `/readyz`, and given up
    /// for the time being if it is not ready within `ready_limit`.
    #[must_use]
    pub fn new(addresses: Vec<SocketAddr>, ready_limit: Duration, meter: &Arc<Meter>) -> Self {
        let mut free = addresses;
        // Taken from the back, so the first address is used first.
        free.reverse();
        Self {
            places: Mutex::new(Places { free, taken: HashMap::new() }),
            freed: Notify::new(),
            probe: Probe::new(meter),
            ready_limit,
        }
    }

    /// A free address. The one of a replica that is being replaced is free in a
    /// moment, so this waits.
    async fn place(&self, replica: ReplicaId) -> SocketAddr {
        loop {
            let freed = self.freed.notified();
            if let Some(address) = self.take(replica) {
                return address;
            }
            freed.await;
        }
    }

    fn take(&self, replica: ReplicaId) -> Option<SocketAddr> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let address = places.free.pop()?;
        places.taken.insert(replica, address);
        Some(address)
    }
}

#[async_trait]
impl Replicas for FixedReplicas {
    async fn start(&self, replica: ReplicaId) -> anyhow::Result<Started> {
        let address = timeout(self.ready_limit, self.place(replica)).await.context(
            "every given address is in use (hint: give as many addresses as max_replicas)",
        )?;
        self.probe.until_ready(address, self.ready_limit).await?;
        Ok(Started { address, lost: Box::pin(std::future::pending()) })
    }

    async fn stop(&self, replica: ReplicaId) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(address) = places.taken.remove(&replica) {
            // Last in the queue: the others are tried before it is again.
            places.free.insert(0, address);
            self.freed.notify_one();
        }
    }
}

//! Which services there are: those of a file, and whatever replicas say.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, ensure};
use axum::Router;
use bytes::Bytes;
use gateway::{Gateway, Observer, Scaling, ServiceConfig};
use hyper::Method;
use node::Meter;
use serde::{Deserialize, Serialize};

use super::{ProcessService, RegisteredReplicas};
use crate::http::{FLUSH_PATH, HttpClient, Origin};

/// Replicas that a service may have; the gateway waits for that many to register.
const REPLICAS_MAX: u32 = 256;

/// One replica, as it registers itself by `PUT /replicas`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The service that it serves: the `Host` header of its requests.
    pub service: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Requests that it takes at once; 0 is no limit.
    pub concurrency: u32,
}

/// The services of one gateway process.
pub struct Registry {
    gateway: Gateway,
    meter: Arc<Meter>,
    /// The services that replicas join, by host; the gateway has others.
    joined: Mutex<BTreeMap<String, Joined>>,
}

#[derive(Clone)]
struct Joined {
    replicas: Arc<RegisteredReplicas>,
    concurrency: u32,
}

impl Registry {
    /// No services yet. Connections to replicas count in `meter`; `observer`
    /// is told of every request and decision.
    #[must_use]
    pub fn new(meter: Arc<Meter>, observer: Arc<dyn Observer>) -> Self {
        let gateway = Gateway::new(&meter, observer);
        Self { gateway, meter, joined: Mutex::default() }
    }

    /// Adds a service whose replicas the gateway starts itself.
    ///
    /// # Errors
    /// If its numbers or its command cannot be, or there is one of its name.
    pub fn start_processes(&self, service: ProcessService) -> anyhow::Result<()> {
        self.gateway.add(service.config(&self.meter)?)
    }

    /// Adds a replica, and its service if it is the first; resolves when the
    /// gateway knows it.
    ///
    /// # Errors
    /// If the service's other replicas take another number of requests, they
    /// are as many as may be, or the gateway starts them itself.
    pub async fn register(&self, registration: &Registration) -> anyhow::Result<()> {
        let Registration { service: name, address, concurrency } = registration;
        let joined = self.joined(name, *concurrency)?;
        let expected = joined.concurrency;
        ensure!(
            expected == *concurrency,
            "the replicas of `{name}` take {expected} requests at once, not {concurrency}"
        );
        joined.replicas.add(*address).await
    }

    /// Lets every replica of a service forget its local state: a request that
    /// the gateway routes would reach one of them only.
    ///
    /// # Errors
    /// If there is no such service, or a replica does not do it; the message
    /// says which.
    pub(super) async fn flush(&self, host: &str) -> anyhow::Result<()> {
        let client = HttpClient::new(Arc::clone(&self.meter));
        for address in self.gateway.addresses(host)? {
            let replica = Origin::from(address);
            let answer = client.send(Method::POST, &replica, FLUSH_PATH, Bytes::new()).await?;
            answer.success().with_context(|| format!("flush the replica at {address}"))?;
        }
        Ok(())
    }

    /// Stops the replicas that the gateway started.
    pub async fn stop(&self) {
        self.gateway.stop().await;
    }

    /// The routes of all services, now and later.
    pub(super) fn routes(&self) -> Router {
        self.gateway.routes()
    }

    /// What joins replicas to the service `name`, which is started if there is none.
    fn joined(&self, name: &str, concurrency: u32) -> anyhow::Result<Joined> {
        let mut services = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let host = name.to_ascii_lowercase();
        if let Some(joined) = services.get(&host) {
            return Ok(joined.clone());
        }
        let replicas = Arc::new(RegisteredReplicas::new(REPLICAS_MAX as usize));
        let config = ServiceConfig {
            host: name.to_owned(),
            // As many as come: the scale is given by who registers.
            scaling: Scaling::new(REPLICAS_MAX, REPLICAS_MAX, concurrency),
            replicas: Arc::clone(&replicas) as _,
        };
        let joined = Joined { replicas, concurrency };
        self.gateway.add(config).context("start a service that replicas join")?;
        services.insert(host, joined.clone());
        Ok(joined)
    }
}

//! Which services there are: those of a file, and whatever replicas say.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use gateway::{Gateway, Observer, Scaling, ServiceConfig};
use node::Meter;
use serde::{Deserialize, Serialize};

use super::{ProcessService, RegisteredReplicas};

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
    meter: Arc<Meter>,
    observer: Arc<dyn Observer>,
    services: RwLock<BTreeMap<String, Service>>,
}

struct Service {
    gateway: Gateway,
    routes: Router,
    /// Of a service that replicas join; none if the gateway starts them itself.
    joined: Option<Joined>,
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
        Self { meter, observer, services: RwLock::default() }
    }

    /// Adds a service whose replicas the gateway starts itself.
    ///
    /// # Errors
    /// If its numbers or its command cannot be.
    pub fn start_processes(&self, service: ProcessService) -> anyhow::Result<()> {
        let config = service.config(&self.meter)?;
        let host = config.host.to_ascii_lowercase();
        let mut services = self.write_services();
        ensure!(!services.contains_key(&host), "there is a service `{host}` already");
        services.insert(host, self.start(config, None)?);
        Ok(())
    }

    /// Adds a replica, and its service if it is the first; resolves when the
    /// gateway knows it.
    ///
    /// # Errors
    /// If the service's other replicas take another number of requests, or
    /// the gateway starts them itself.
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

    /// Stops the replicas that the gateway started.
    pub async fn stop(&self) {
        let services = std::mem::take(&mut *self.write_services());
        for service in services.into_values() {
            service.gateway.stop().await;
        }
    }

    /// The routes of the service with this host name.
    pub(super) fn routes(&self, host: &str) -> Option<Router> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        services.get(host).map(|service| service.routes.clone())
    }

    /// What joins replicas to the service `name`, which is started if there is none.
    fn joined(&self, name: &str, concurrency: u32) -> anyhow::Result<Joined> {
        let mut services = self.write_services();
        let host = name.to_ascii_lowercase();
        if let Some(service) = services.get(&host) {
            let joined = service.joined.clone();
            return joined.with_context(|| format!("the gateway starts the replicas of `{name}`"));
        }
        if name.is_empty() {
            bail!("a service needs a name");
        }
        let replicas = Arc::new(RegisteredReplicas::new());
        let config = ServiceConfig {
            host: name.to_owned(),
            // As many as come: the scale is given by who registers.
            scaling: Scaling::new(REPLICAS_MAX, REPLICAS_MAX, concurrency),
            replicas: Arc::clone(&replicas) as _,
        };
        let joined = Joined { replicas, concurrency };
        services.insert(host, self.start(config, Some(joined.clone()))?);
        Ok(joined)
    }

    fn start(&self, config: ServiceConfig, joined: Option<Joined>) -> anyhow::Result<Service> {
        let observer = Arc::clone(&self.observer);
        let gateway = Gateway::with_observer(vec![config], &self.meter, observer)?;
        let routes = gateway.routes();
        Ok(Service { gateway, routes, joined })
    }

    fn write_services(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Service>> {
        self.services.write().unwrap_or_else(PoisonError::into_inner)
    }
}

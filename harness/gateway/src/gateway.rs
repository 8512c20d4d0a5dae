//! The gateway: services by host name.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use node::Meter;
use tokio::task::JoinSet;

use crate::{
    Observer, ServiceConfig,
    core::Census,
    http::{self, Upstream},
    service::Service,
};

/// An HTTP gateway in front of services, found by the `Host` header.
///
/// It holds requests while a service has no free replica, scales each service,
/// and marks in each answer (`x-cold-start`) whether the request waited for its
/// replica to start. Clones are the same gateway.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    services: RwLock<BTreeMap<String, Arc<Service>>>,
    observer: Arc<dyn Observer>,
    /// Where the times of records and decisions count from.
    started: Instant,
    pub(crate) upstream: Upstream,
}

impl Gateway {
    /// A gateway without services. Connections to replicas count in `meter`;
    /// `observer` is told of every request and decision.
    #[must_use]
    pub fn new(meter: &Arc<Meter>, observer: Arc<dyn Observer>) -> Self {
        let inner = Inner {
            services: RwLock::default(),
            observer,
            started: Instant::now(),
            upstream: Upstream::new(meter),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts a service; must be called within a runtime.
    ///
    /// # Errors
    /// If its numbers contradict each other, or its host has a service already.
    pub fn add(&self, config: ServiceConfig) -> anyhow::Result<()> {
        config.scaling.check().with_context(|| format!("service `{}`", config.host))?;
        ensure!(!config.host.is_empty(), "a service needs a host (hint: `svm.example.com`)");
        let mut services = self.inner.services.write().unwrap_or_else(PoisonError::into_inner);
        match services.entry(config.host.to_ascii_lowercase()) {
            Entry::Occupied(taken) => bail!("there already is a service `{}`", taken.key()),
            Entry::Vacant(place) => {
                let observer = Arc::clone(&self.inner.observer);
                place.insert(Service::start(config, observer, self.inner.started));
            }
        }
        Ok(())
    }

    /// The routes: every path, for whichever service the `Host` header names.
    pub fn routes(&self) -> Router {
        http::routes(Arc::clone(&self.inner))
    }

    /// Resolves when each service has its fewest replicas ready.
    pub async fn ready(&self) {
        for service in self.inner.services() {
            let n_fewest = service.n_fewest();
            until(&service, |census| census.n_ready >= n_fewest).await;
        }
    }

    /// Resolves when a service's numbers meet a condition.
    ///
    /// # Errors
    /// If there is no such service.
    pub async fn until(
        &self,
        host: &str,
        condition: impl FnMut(&Census) -> bool,
    ) -> anyhow::Result<Census> {
        Ok(until(&*self.inner.service(host)?, condition).await)
    }

    /// Where a service's replicas are that take requests, in no order: for what
    /// all of them are to be told, which no routed request can do.
    ///
    /// # Errors
    /// If there is no such service.
    pub fn addresses(&self, host: &str) -> anyhow::Result<Vec<SocketAddr>> {
        Ok(self.inner.service(host)?.addresses())
    }

    /// Stops every replica, and resolves when they are gone. Requests that
    /// wait are refused.
    pub async fn stop(&self) {
        let mut stops = JoinSet::new();
        for service in self.inner.services() {
            stops.spawn(async move { service.stop().await });
        }
        stops.join_all().await;
    }
}

impl Inner {
    /// The service with this host name, in lower case.
    ///
    /// # Errors
    /// If there is none; the message names those that there are.
    pub(crate) fn service(&self, host: &str) -> anyhow::Result<Arc<Service>> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = services.get(host) {
            return Ok(Arc::clone(service));
        }
        let known: Vec<&str> = services.keys().map(String::as_str).collect();
        match known[..] {
            [] => bail!("no service has the host `{host}` (hint: there is no service yet)"),
            _ => bail!("no service has the host `{host}` (hint: there are {})", known.join(", ")),
        }
    }

    fn services(&self) -> Vec<Arc<Service>> {
        let services = self.services.read().unwrap_or_else(PoisonError::into_inner);
        services.values().map(Arc::clone).collect()
    }
}

async fn until(service: &Service, condition: impl FnMut(&Census) -> bool) -> Census {
    let mut census = service.census();
    let met = census.wait_for(condition).await;
    *met.expect("the service that sends is borrowed here")
}

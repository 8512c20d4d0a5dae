//! The gateway: services by host name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, ensure};
use axum::Router;
use node::Meter;
use tokio::task::JoinSet;

use crate::{
    NoObserver, Observer, ServiceConfig,
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
    services: BTreeMap<String, Arc<Service>>,
    pub(crate) upstream: Upstream,
}

impl Gateway {
    /// Starts the services; must be called within a runtime. Connections to
    /// replicas count in `meter`.
    ///
    /// # Errors
    /// If a service's numbers contradict each other, or two have one host.
    pub fn new(services: Vec<ServiceConfig>, meter: &Arc<Meter>) -> anyhow::Result<Self> {
        Self::with_observer(services, meter, Arc::new(NoObserver))
    }

    /// As [`Gateway::new`]; `observer` is told of every request and decision.
    ///
    /// # Errors
    /// As [`Gateway::new`].
    pub fn with_observer(
        services: Vec<ServiceConfig>,
        meter: &Arc<Meter>,
        observer: Arc<dyn Observer>,
    ) -> anyhow::Result<Self> {
        let mut hosts = BTreeSet::new();
        for config in &services {
            config.scaling.check().with_context(|| format!("service `{}`", config.host))?;
            ensure!(
                hosts.insert(config.host.to_ascii_lowercase()),
                "two services have the host `{}`",
                config.host
            );
        }
        let started = Instant::now();
        let start = move |config| {
            let service = Service::start(config, Arc::clone(&observer), started);
            (service.host().to_owned(), service)
        };
        let services = services.into_iter().map(start).collect();
        Ok(Self { inner: Arc::new(Inner { services, upstream: Upstream::new(meter) }) })
    }

    /// The routes: every path, for whichever service the `Host` header names.
    pub fn routes(&self) -> Router {
        http::routes(Arc::clone(&self.inner))
    }

    /// Resolves when each service has its fewest replicas ready.
    pub async fn ready(&self) {
        for service in self.inner.services.values() {
            let n_fewest = service.n_fewest();
            until(service, |census| census.n_ready >= n_fewest).await;
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
        let service = self.inner.service(host);
        let service = service.with_context(|| format!("no service has the host `{host}`"))?;
        Ok(until(service, condition).await)
    }

    /// Stops every replica, and resolves when they are gone. Requests that
    /// wait are refused.
    pub async fn stop(&self) {
        let mut stops = JoinSet::new();
        for service in self.inner.services.values() {
            let service = Arc::clone(service);
            stops.spawn(async move { service.stop().await });
        }
        stops.join_all().await;
    }
}

impl Inner {
    pub(crate) fn service(&self, host: &str) -> Option<&Arc<Service>> {
        self.services.get(host)
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }
}

async fn until(service: &Service, condition: impl FnMut(&Census) -> bool) -> Census {
    let mut census = service.census();
    let met = census.wait_for(condition).await;
    *met.expect("the service that sends is borrowed here")
}

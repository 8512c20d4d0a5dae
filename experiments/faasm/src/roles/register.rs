//! Registration with the gateway: replicas name themselves, so that nobody
//! needs to know their addresses before they start.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use bytes::Bytes;
use hyper::Method;
use node::{Endpoint, Meter};
use tokio::time::{Instant, sleep};

use super::serve::serve;
use crate::{
    http::{HttpClient, Origin},
    services::Registration,
};

/// Replicas and gateway may start in any order, but at about the same time.
const GATEWAY_STARTS_WITHIN: Duration = Duration::from_secs(20);
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// The flags by which a role joins a service of the gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Joining {
    /// The gateway to register with [default: none].
    #[arg(long, value_name = "URL", requires = "service")]
    gateway: Option<Origin>,
    /// The service to join, which is the `Host` header of its calls.
    #[arg(long, value_name = "HOST", requires = "gateway")]
    service: Option<String>,
}

/// A replica and the gateway that it registers with.
pub(super) struct Registered {
    client: HttpClient,
    origin: Origin,
    replica: Registration,
}

impl Joining {
    /// The gateway, asked for this service.
    pub(super) fn origin(&self) -> Option<Origin> {
        self.gateway.clone().map(|gateway| gateway.with_service(self.service.clone()))
    }

    /// This process as a replica, if there is a gateway to register with.
    pub(super) fn into_replica(
        self,
        address: SocketAddr,
        concurrency: u32,
        meter: Arc<Meter>,
    ) -> Option<Registered> {
        let (origin, service) = (self.gateway?, self.service?);
        let replica = Registration { service, address, concurrency };
        Some(Registered { client: HttpClient::new(meter), origin, replica })
    }
}

impl Registered {
    /// Registers; a gateway that does not listen yet is asked again.
    async fn register(&self) -> anyhow::Result<()> {
        let body = serde_json::to_vec(&self.replica).context("describe this replica")?;
        let body = Bytes::from(body);
        let give_up_at = Instant::now() + GATEWAY_STARTS_WITHIN;
        loop {
            let sent = self.client.send(Method::PUT, &self.origin, "/replicas", body.clone()).await;
            match sent {
                Ok(answer) => {
                    answer.success().context("register with the gateway")?;
                    return Ok(());
                }
                Err(_) if Instant::now() < give_up_at => sleep(RETRY_EVERY).await,
                Err(error) => return Err(error.context("register with the gateway")),
            }
        }
    }
}

/// Serves `routes`; ready once the gateway, if there is one, knows this replica.
pub(super) async fn serve_registered(
    endpoint: Endpoint,
    routes: Router,
    registered: Option<Registered>,
) -> anyhow::Result<()> {
    let readiness = endpoint.readiness();
    let serving = serve(endpoint, routes);
    let registering = async {
        if let Some(registered) = registered {
            registered.register().await?;
        }
        readiness.set_ready();
        anyhow::Ok(())
    };
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return served,
        outcome = registering => outcome?,
    }
    serving.await
}

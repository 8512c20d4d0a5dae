//! Asking a replica whether it is ready.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::bail;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use node::Meter;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::http::{KeptBody, Upstream};

/// How often a replica is asked.
const PERIOD: Duration = Duration::from_millis(10);

/// Asks replicas for `/readyz`.
pub(super) struct Probe {
    upstream: Upstream,
}

impl Probe {
    pub(super) fn new(meter: &Arc<Meter>) -> Self {
        Self { upstream: Upstream::new(meter) }
    }

    /// Resolves when the replica at `address` says that it is ready.
    pub(super) async fn until_ready(
        &self,
        address: SocketAddr,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        let mut last = "it was not asked".to_owned();
        let mut turn = interval(PERIOD);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            match timeout_at(deadline, self.ask(address)).await {
                Ok(Ok(StatusCode::OK)) => return Ok(()),
                Ok(Ok(status)) => last = format!("it answered {status}"),
                Ok(Err(error)) => last = format!("{error:#}"),
                Err(_) => bail!("no replica is ready at {address} after {limit:?}: {last}"),
            }
            if timeout_at(deadline, turn.tick()).await.is_err() {
                bail!("no replica is ready at {address} after {limit:?}: {last}");
            }
        }
    }

    async fn ask(&self, address: SocketAddr) -> anyhow::Result<StatusCode> {
        let uri = format!("http://{address}/readyz");
        let response =
            self.upstream.send(Request::get(uri).body(KeptBody::new(Body::empty()))?).await?;
        Ok(response.status())
    }
}

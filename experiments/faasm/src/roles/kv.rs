//! Role `kv`: the embedded state tier.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use node::{Endpoint, Meter};
use tokio::sync::oneshot;

use super::serve::serve;

/// Flags of `kv`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to answer health and metrics by HTTP.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Where to speak the Redis protocol.
    #[arg(long, value_name = "ADDR")]
    resp: SocketAddr,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let meter = Meter::shared();
    let server = kv::Server::bind(args.resp, meter.clone()).await?;
    let endpoint = Endpoint::bind(args.listen, meter).await?;
    endpoint.readiness().set_ready();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async {
        // A sender that is gone means the same as one that sent.
        let _either_way = stopped.await;
    }));
    let served = serve(endpoint, Router::new()).await;
    drop(stop);
    serving.await.context("the state tier's server failed")?;
    served
}

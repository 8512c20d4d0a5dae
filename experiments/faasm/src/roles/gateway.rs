//! Role `gateway`: the function gateway, to which replicas add themselves.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use gateway::{NoObserver, Observer, RequestLog};
use node::{Endpoint, Meter};

use super::serve::serve;
use crate::services::{ProcessService, Registry, registry_routes};

/// Flags of `gateway`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to accept calls and registrations by HTTP.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Services whose replicas the gateway starts and scales itself, as a JSON array.
    #[arg(long, value_name = "FILE")]
    services: Option<PathBuf>,
    /// Log every request there, one JSON object on a line.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let meter = Meter::shared();
    let endpoint = Endpoint::bind(args.listen, meter.clone()).await?;
    let observer: Arc<dyn Observer> = match &args.log {
        Some(path) => Arc::new(RequestLog::create(path)?),
        None => Arc::new(NoObserver),
    };
    let registry = Arc::new(Registry::new(meter, observer));
    if let Some(path) = &args.services {
        let services = ProcessService::read_all(path)?;
        services.into_iter().try_for_each(|service| registry.start_processes(service))?;
    }
    endpoint.readiness().set_ready();
    let served = serve(endpoint, registry_routes(Arc::clone(&registry))).await;
    registry.stop().await;
    served
}

//! Role `upload`: accepts functions and state.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use node::{Endpoint, Meter};
use sandbox::{Sandbox, Settings};

use super::serve::serve;
use crate::{
    faaslet::Programs,
    http::{Uploads, upload_routes},
};

/// Uploaded modules are tried in one slot, with more memory than they start with.
const TRIAL: Settings =
    Settings { slots: 4, memory_max_bytes: 256 << 20, tick: Duration::from_millis(100) };

/// Flags of `upload`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to accept uploads by HTTP.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The state tier.
    #[arg(long, value_name = "ADDR")]
    kv: SocketAddr,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let meter = Meter::shared();
    let endpoint = Endpoint::bind(args.listen, meter.clone()).await?;
    let global = Arc::new(kv::Pool::new(args.kv, &meter));
    let pool = Arc::clone(&global);
    tokio::task::spawn_blocking(move || pool.get()?.ping())
        .await
        .context("reach the state tier")?
        .with_context(|| format!("reach the state tier at {}", args.kv))?;
    let programs = Arc::new(Programs::new(Sandbox::new(TRIAL)?)?);
    endpoint.readiness().set_ready();
    serve(endpoint, upload_routes(Arc::new(Uploads::new(global, programs, None)))).await
}

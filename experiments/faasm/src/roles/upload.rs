//! Role `upload`: accepts functions and state.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use node::{Endpoint, Meter};
use sandbox::{Sandbox, Settings};

use super::{reach::reach, serve::serve};
use crate::{
    faaslet::Programs,
    http::{Uploads, upload_routes},
};

/// One module is tried at a time, with more memory than it starts with.
const TRIAL: Settings =
    Settings { slots: 1, memory_max_bytes: 256 << 20, tick: Duration::from_millis(100) };

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
    reach(&global).await?;
    let programs = Arc::new(Programs::new(Sandbox::new(TRIAL)?)?);
    endpoint.readiness().set_ready();
    serve(endpoint, upload_routes(Arc::new(Uploads::new(global, programs, None)))).await
}

//! Role `function`: a native function behind HTTP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use node::{Endpoint, Meter};
use tokio::runtime::Handle;

use super::{
    reach::reach,
    register::{Joining, serve_registered},
};
use crate::{
    http::{ChainedByHttp, HttpClient, Runtime, call_routes},
    message::Function,
    native::{Process, ProcessSettings},
    results::Results,
};

/// A process runs one call at a time, and the gateway knows it.
const CONCURRENCY: u32 = 1;

/// Flags of `function`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to accept calls by HTTP.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The state tier.
    #[arg(long, value_name = "ADDR")]
    kv: SocketAddr,
    #[command(flatten)]
    joining: Joining,
    /// Who owns the function.
    #[arg(long)]
    user: String,
    /// The function's name.
    #[arg(long)]
    function: String,
    /// Seconds that a call waits for one that it chained.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    chained_timeout_s: u64,
    /// Milliseconds that a call waits on average when its interval makes it start
    /// cold (the experiments: 800).
    #[arg(long, value_name = "MS", env = "COLD_START_DELAY_MS", default_value_t = 0)]
    cold_start_delay_ms: u64,
    /// Seed of these waits.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let meter = Meter::shared();
    let endpoint = Endpoint::bind(args.listen, meter.clone()).await?;
    let address = endpoint.address()?;
    let global = Arc::new(kv::Pool::new(args.kv, &meter));
    reach(&global).await?;
    let chained_timeout = Duration::from_secs(args.chained_timeout_s);
    let chained = ChainedByHttp {
        client: HttpClient::new(meter.clone()),
        // Without a gateway this process is its function's only one.
        origin: args.joining.origin().unwrap_or_else(|| address.into()),
        results: Results::new(Arc::clone(&global)),
        limit: chained_timeout,
        runtime: Handle::current(),
    };
    let function = Function::new(&args.user, &args.function)?;
    let settings = ProcessSettings {
        function,
        chained_timeout,
        cold_start_delay: Duration::from_millis(args.cold_start_delay_ms),
        seed: args.seed,
    };
    let process = Process::new(settings, &global, chained)?;
    let runtime: Arc<dyn Runtime> = Arc::new(process);
    let registered = args.joining.into_replica(address, CONCURRENCY, meter);
    serve_registered(endpoint, call_routes(runtime), registered).await
}

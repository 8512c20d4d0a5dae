//! Role `worker`: a wasm runtime behind HTTP.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use node::{Endpoint, Meter, shutdown_signal};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    register::{Joining, serve_registered},
    serve::GRACE,
};
use crate::{
    faaslet::{Worker, WorkerSettings},
    http::{Runtime, Uploads, call_routes, upload_routes},
    scheduler::Limits,
};

/// A worker takes as many calls as come, and passes on what is too much.
const UNLIMITED: u32 = 0;

/// Flags of `worker`. The defaults are those of the original's experiments.
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
    /// This worker's name among the hosts [default: the address it listens on].
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Threads for Faaslets of all functions; those whose call awaits another do not count.
    #[arg(long, value_name = "N", default_value_t = 40)]
    threads: u32,
    /// Faaslets that one function may have here.
    #[arg(long, value_name = "N", default_value_t = 6)]
    faaslets_per_function: u32,
    /// Calls per Faaslet at which a function counts as overloaded.
    #[arg(long, value_name = "RATIO", default_value_t = 1.0)]
    max_in_flight_ratio: f64,
    /// How often a call may be passed from host to host.
    #[arg(long, value_name = "N", default_value_t = 3)]
    max_hops: u32,
    /// Run every call here.
    #[arg(long)]
    local_only: bool,
    /// Seconds after which an idle Faaslet ends.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    bound_timeout_s: u64,
    /// Seconds that a call may run, waiting for the host not counted.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    call_limit_s: u64,
    /// Seconds that a call waits for one that it chained.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    chained_timeout_s: u64,
    /// MiB that a guest may have of its own.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    guest_memory_mib: usize,
    /// Seed of the scheduler's choices.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Log the scheduler's events and decisions there.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Args {
    fn settings(&self, address: SocketAddr) -> WorkerSettings {
        WorkerSettings {
            host: self.host.clone().unwrap_or_else(|| address.to_string()),
            limits: Limits {
                max_in_flight_ratio: self.max_in_flight_ratio,
                max_faaslets_per_function: self.faaslets_per_function,
                max_hops: self.max_hops,
                local_only: self.local_only,
            },
            threads_max: self.threads,
            bound_timeout: Duration::from_secs(self.bound_timeout_s),
            call_limit: Duration::from_secs(self.call_limit_s),
            chained_timeout: Duration::from_secs(self.chained_timeout_s),
            memory_max_bytes: self.guest_memory_mib << 20,
            seed: self.seed,
            record: self.record.clone(),
        }
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let meter = Meter::shared();
    let endpoint = Endpoint::bind(args.listen, meter.clone()).await?;
    let address = endpoint.address()?;
    let global = Arc::new(kv::Pool::new(args.kv, &meter));
    let settings = args.settings(address);
    let pool = Arc::clone(&global);
    let worker = spawn_blocking(move || Worker::start(settings, &pool))
        .await
        .context("start the worker")??;
    let worker = Arc::new(worker);
    let tier = Some(Arc::clone(worker.tier()));
    let uploads = Arc::new(Uploads::new(global, Arc::clone(worker.programs()), tier));
    let runtime: Arc<dyn Runtime> = Arc::clone(&worker) as _;
    let routes = call_routes(runtime).merge(upload_routes(uploads));
    let registered = args.joining.into_replica(address, UNLIMITED, meter);
    // Its calls fail on the signal, and so the requests that wait for them end.
    let stopping = tokio::spawn(stop_after_signal(Arc::clone(&worker)));
    let served = serve_registered(endpoint, routes, registered).await;
    stopping.abort();
    // What still waits for other hosts then is left to the process's end.
    match timeout(GRACE, spawn_blocking(move || worker.stop())).await {
        Ok(stopped) => stopped.context("stop the worker")?,
        Err(_) => eprintln!("the worker's calls did not end within {GRACE:?}"),
    }
    served
}

async fn stop_after_signal(worker: Arc<Worker>) -> anyhow::Result<()> {
    shutdown_signal().await?;
    spawn_blocking(move || worker.stop()).await.context("stop the worker")
}

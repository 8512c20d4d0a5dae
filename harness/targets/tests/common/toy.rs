//! The toy system: what a test's executable does when it is started as `toy`.

use std::{hint::black_box, net::SocketAddr, process::ExitCode, time::Instant};

use anyhow::{Context as _, bail};
use axum::{Router, routing::get};
use node::{Endpoint, Meter};
use rustix::time::{ClockId, clock_gettime};

/// The size of the body at `/mebibyte`.
pub(crate) const MIB: u64 = 1 << 20;

/// Plays a role if the first argument says so: `own` are the roles that only
/// this executable has. It leaves those that it does not know to [`play`].
pub(crate) fn run_if_asked(
    own: impl AsyncFnOnce(&[&str]) -> anyhow::Result<()>,
) -> Option<ExitCode> {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("toy") {
        return None;
    }
    let args: Vec<String> = args.collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.expect("a runtime starts").block_on(own(&args));
    Some(match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

/// The roles that every executable has.
pub(crate) async fn play(args: &[&str]) -> anyhow::Result<()> {
    match args {
        ["serve", address] => serve(address, true).await,
        ["burn", cpu_s] => {
            burn(cpu_s.parse()?);
            Ok(())
        }
        _ => bail!("the toy plays no role {args:?}"),
    }
}

/// Serves until it is stopped, ready or not.
pub(crate) async fn serve(address: &str, is_ready: bool) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse().context("an address")?;
    let endpoint = Endpoint::bind(address, Meter::shared()).await?;
    if is_ready {
        endpoint.readiness().set_ready();
    }
    let mebibyte = || async { vec![0_u8; MIB as usize] };
    endpoint.serve(Router::new().route("/mebibyte", get(mebibyte))).await
}

/// Serves, and holds this much memory.
pub(crate) async fn hold(n_mib: &str, address: &str) -> anyhow::Result<()> {
    let held = vec![1_u8; n_mib.parse::<usize>()? << 20];
    serve(address, true).await?;
    black_box(held);
    Ok(())
}

/// Uses the processor for this long, by the processor's own clock.
pub(crate) fn burn(cpu_s: f64) {
    let used = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    while used() < cpu_s {
        black_box(Instant::now());
    }
}

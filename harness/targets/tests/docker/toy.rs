//! The toy system: what this executable does when it is started as `toy`.

use std::{hint::black_box, io::Write as _, net::SocketAddr, process::ExitCode, time::Instant};

use anyhow::{Context as _, bail};
use axum::{Router, routing::get};
use node::{Endpoint, Meter};
use rustix::time::{ClockId, clock_gettime};

use crate::peer;

/// The size of the body at `/mebibyte`.
pub(crate) const MIB: u64 = 1 << 20;

/// Plays a role if the first argument says so.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("toy") {
        return None;
    }
    let args: Vec<String> = args.collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.expect("a runtime starts").block_on(play(&args));
    Some(match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

async fn play(args: &[&str]) -> anyhow::Result<()> {
    match args {
        ["serve", address] => serve(address).await,
        ["peer", address] => peer::serve(address),
        ["burn", cpu_s] => burn(cpu_s.parse()?),
        ["burn-and-hold", cpu_s, n_mib, address] => {
            let held = vec![1_u8; n_mib.parse::<usize>()? << 20];
            burn(cpu_s.parse()?)?;
            serve(address).await?;
            black_box(held);
            Ok(())
        }
        ["say", text] => Ok(writeln!(std::io::stdout(), "{text}")?),
        _ => bail!("the toy plays no role {args:?}"),
    }
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse().context("an address")?;
    let endpoint = Endpoint::bind(address, Meter::shared()).await?;
    endpoint.readiness().set_ready();
    let mebibyte = || async { vec![0_u8; MIB as usize] };
    endpoint.serve(Router::new().route("/mebibyte", get(mebibyte))).await
}

/// Uses the processor for this long, by the processor's own clock.
#[expect(clippy::unnecessary_wraps, reason = "all roles are played alike")]
fn burn(cpu_s: f64) -> anyhow::Result<()> {
    let used = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    while used() < cpu_s {
        black_box(Instant::now());
    }
    Ok(())
}

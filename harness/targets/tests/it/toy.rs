//! The toy system: what this executable does when it is started as `toy`.

use std::{
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use node::{Endpoint, Meter};
use rustix::time::{ClockId, clock_gettime};
use targets::{
    command::Invocation,
    ledger::Ledger,
    local::{Local, become_subreaper},
    reaper,
    registry::Registry,
    target::{Site, Target as _},
};

use crate::support;

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
        ["serve", address] => serve(address, true).await,
        ["never-ready", address] => serve(address, false).await,
        ["hold", n_mib, address] => {
            let held = vec![1_u8; n_mib.parse::<usize>()? << 20];
            serve(address, true).await?;
            std::hint::black_box(held);
            Ok(())
        }
        ["burn", cpu_s] => burn(cpu_s.parse()?),
        ["burn-in-child", cpu_s] => {
            let this = Invocation::new(std::env::current_exe()?, ".");
            this.args(["toy", "burn", cpu_s]).output().await?.success("burn")?;
            Ok(())
        }
        ["driver", dir, "reaped"] => drive(Path::new(dir), true).await,
        ["driver", dir, "alone"] => drive(Path::new(dir), false).await,
        ["idle", ..] => std::future::pending().await,
        _ => bail!("the toy plays no role {args:?}"),
    }
}

async fn serve(address: &str, is_ready: bool) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse().context("an address")?;
    let endpoint = Endpoint::bind(address, Meter::shared()).await?;
    if is_ready {
        endpoint.readiness().set_ready();
    }
    endpoint.serve(axum::Router::new()).await
}

/// Uses the processor for this long, by the processor's own clock.
#[expect(clippy::unnecessary_wraps, reason = "all roles are played alike")]
fn burn(cpu_s: f64) -> anyhow::Result<()> {
    let used = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    while used() < cpu_s {
        std::hint::black_box(Instant::now());
    }
    Ok(())
}

/// A driver whose life holds every moment at which one can be killed: trials
/// of servers, jobs and daemons, one after the other, until somebody kills it.
async fn drive(dir: &Path, has_reaper: bool) -> anyhow::Result<()> {
    become_subreaper()?;
    let label = support::fresh_label();
    let registry = Registry::in_dir(dir);
    let ledger = Ledger::create(&dir.join("ledger.jsonl"), &label, "local", &registry)?;
    let _reaper = if has_reaper { Some(reaper::start(&ledger)?) } else { None };
    let target = Local::new();
    loop {
        let (label, ledger) = (label.clone(), ledger.clone());
        let testbed = target.provision(Site { label, ledger, dir: dir.join("trial") }).await?;
        let server = testbed.start(&support::toy_server(&["serve"])?).await?;
        let daemon = "setsid sleep 1000 & (setsid sleep 1000 &) ; sleep 1000";
        testbed.start(&support::shell(daemon)).await?;
        testbed.ready(&server).await?;
        let job = testbed.start(&support::shell("sleep 0.02; echo done > {dir}/out")).await?;
        testbed.finished(&job, Duration::from_secs(60)).await?;
        testbed.tear_down().await?;
    }
}

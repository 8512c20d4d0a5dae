//! The toy system's roles of which only the local target has need.

use std::{path::Path, process::ExitCode, time::Duration};

use targets::{
    command::Invocation,
    ledger::Ledger,
    local::{Local, become_subreaper},
    reaper,
    registry::Registry,
    target::{Site, Target as _},
};

use crate::{
    common::toy::{hold, play, serve},
    support,
};

/// Plays a role if the first argument says so.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    crate::common::toy::run_if_asked(async |args: &[&str]| match args {
        ["never-ready", address] => serve(address, false).await,
        ["hold", n_mib, address] => hold(n_mib, address).await,
        ["burn-in-child", cpu_s] => {
            let this = Invocation::new(std::env::current_exe()?, ".");
            this.args(["toy", "burn", cpu_s]).output().await?.success("burn")?;
            Ok(())
        }
        ["driver", dir, "reaped"] => drive(Path::new(dir), true).await,
        ["driver", dir, "alone"] => drive(Path::new(dir), false).await,
        ["idle", ..] => std::future::pending().await,
        args => play(args).await,
    })
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

//! The toy system's roles of which only containers have need.

use std::{io::Write as _, process::ExitCode, time::Duration};

use crate::{
    common::toy::{burn, hold, play},
    peer,
};

/// Plays a role if the first argument says so.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    crate::common::toy::run_if_asked(async |args: &[&str]| match args {
        ["peer", address] => peer::serve(address),
        ["burn-and-hold", cpu_s, n_mib, address] => {
            burn(cpu_s.parse()?);
            hold(n_mib, address).await
        }
        ["fetch-after", wait_ms, from, n_bytes] => {
            tokio::time::sleep(Duration::from_millis(wait_ms.parse()?)).await;
            peer::fetch(from.parse()?, n_bytes).map(drop)
        }
        ["say", text] => Ok(writeln!(std::io::stdout(), "{text}")?),
        args => play(args).await,
    })
}

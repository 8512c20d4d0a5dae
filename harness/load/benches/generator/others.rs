//! The other generators, as processes.

use std::{io::ErrorKind, net::SocketAddr, process::Command};

use anyhow::{Context as _, ensure};

/// Runs another generator; returns what it prints, or nothing if it is not installed.
#[expect(clippy::disallowed_methods, reason = "a benchmark outside of any run has no run's log")]
fn output(program: &str, args: &[String]) -> anyhow::Result<Option<String>> {
    let output = match Command::new(program).args(args).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        output => output.with_context(|| format!("run {program}"))?,
    };
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The requests per second that `wrk` reaches; none if it is not installed.
pub(crate) fn wrk(
    address: SocketAddr,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Option<f64>> {
    let args = [
        "-t1".to_owned(),
        format!("-c{connections}"),
        format!("-d{seconds}s"),
        format!("http://{address}/"),
    ];
    let Some(text) = output("wrk", &args)? else { return Ok(None) };
    let rate = text.split("Requests/sec:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let rate = rate.with_context(|| format!("wrk printed no rate: {text}"))?;
    rate.parse().map(Some).with_context(|| format!("wrk printed the rate `{rate}`"))
}

/// Lets `oha` send `rate` requests per second; false if it is not installed.
pub(crate) fn oha(
    address: SocketAddr,
    connections: usize,
    rate: u64,
    seconds: u64,
) -> anyhow::Result<bool> {
    let program = std::env::var("OHA").unwrap_or_else(|_| "oha".to_owned());
    let args = [
        "--no-tui".to_owned(),
        format!("-c{connections}"),
        format!("-q{rate}"),
        format!("-z{seconds}s"),
        format!("http://{address}/"),
    ];
    Ok(output(&program, &args)?.is_some())
}

//! Leaving when asked to.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM or SIGINT: the role finishes what it holds and exits.
///
/// # Errors
/// If the process may not install signal handlers.
pub async fn shutdown_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

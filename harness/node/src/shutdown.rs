//! Leaving when asked to.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM or SIGINT: the role finishes what it holds and exits.
///
/// # Errors
/// If the process may not install signal handlers.
pub async fn shutdown_signal() -> anyhow::Result<()> {
    listen_for_shutdown()?.await;
    Ok(())
}

/// As [`shutdown_signal`], but the handlers are in place when it returns, and
/// what cannot be handled is known before anything waits for it.
///
/// # Errors
/// If the process may not install signal handlers.
pub fn listen_for_shutdown() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

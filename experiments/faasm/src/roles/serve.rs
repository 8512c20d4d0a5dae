//! Serving HTTP until the role is told to stop, and not much longer.

use std::time::Duration;

use axum::Router;
use node::{Endpoint, shutdown_signal};
use tokio::time::sleep;

/// What open requests get to finish. A call may run for minutes; whoever asks
/// a role to stop does not want to wait for it.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Serves `routes` until SIGTERM or SIGINT, and then for a short grace.
pub(super) async fn serve(endpoint: Endpoint, routes: Router) -> anyhow::Result<()> {
    tokio::select! {
        served = endpoint.serve(routes) => served,
        stopped = grace_after_signal() => stopped,
    }
}

async fn grace_after_signal() -> anyhow::Result<()> {
    shutdown_signal().await?;
    sleep(GRACE).await;
    Ok(())
}

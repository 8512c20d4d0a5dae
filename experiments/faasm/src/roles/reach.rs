//! Whether the state tier answers: asked before a role says that it is ready.

use std::sync::Arc;

use anyhow::Context as _;

/// Asks the state tier for a sign of life.
///
/// # Errors
/// If there is none; the message names the tier.
pub(super) async fn reach(global: &Arc<kv::Pool>) -> anyhow::Result<()> {
    let pool = Arc::clone(global);
    tokio::task::spawn_blocking(move || pool.get()?.ping())
        .await
        .context("reach the state tier")?
        .with_context(|| format!("reach the state tier at {}", global.address()))
}

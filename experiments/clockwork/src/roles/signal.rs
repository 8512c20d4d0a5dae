//! Ending when asked to.

use anyhow::Context as _;

/// Calls `act` once the process gets SIGTERM or SIGINT.
///
/// # Errors
/// If it may not listen for them.
pub(super) fn on_signal(act: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("listen for signals")?;
    let thread = std::thread::Builder::new().name("signal".to_owned());
    let asked = {
        let _inside = runtime.enter();
        node::listen_for_shutdown()?
    };
    let wait = move || {
        runtime.block_on(asked);
        act();
    };
    thread.spawn(wait).context("start a thread for signals")?;
    Ok(())
}

//! SIGINT and SIGTERM: tear down first, leave after.

use anyhow::Context as _;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::fault::Outcome;

/// Which signal asked the run to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A polite kill.
    Terminate,
}

impl Signal {
    /// The outcome of a run that this signal ended.
    #[must_use]
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Interrupt => Outcome::Interrupted,
            Self::Terminate => Outcome::Terminated,
        }
    }
}

/// Remembers the first signal; every waiter sees it.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    seen: watch::Receiver<Option<Signal>>,
}

impl Interrupt {
    /// Handles both signals from now on. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the process may not install handlers.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
        let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        let (tell, seen) = watch::channel(None);
        tokio::spawn(async move {
            let first = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            };
            tell.send_replace(Some(first));
            tell.closed().await;
        });
        Ok(Self { seen })
    }

    /// Resolves once a signal has come.
    pub(crate) async fn signalled(&self) -> Signal {
        let mut seen = self.seen.clone();
        match seen.wait_for(Option::is_some).await {
            Ok(signal) => signal.expect("it was waited for"),
            // The listener only ends with the runtime.
            Err(_) => std::future::pending().await,
        }
    }
}

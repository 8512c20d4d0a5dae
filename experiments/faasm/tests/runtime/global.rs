//! A state tier of a test's own.

use std::sync::Arc;

use faasm::state::LocalTier;
use kv::{BackgroundServer, Pool};
use node::Meter;

/// An embedded state tier, gone when this is dropped.
pub(crate) struct Global {
    server: BackgroundServer,
}

impl Global {
    pub(crate) fn start() -> Self {
        Self { server: BackgroundServer::start(Meter::shared()).unwrap() }
    }

    /// Connections of one more process.
    pub(crate) fn pool(&self) -> Arc<Pool> {
        Arc::new(Pool::new(self.server.address(), &Meter::shared()))
    }

    /// The local tier of one more process.
    pub(crate) fn tier(&self) -> LocalTier {
        LocalTier::new(self.pool())
    }
}

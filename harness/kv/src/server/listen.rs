//! Accepting connections.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use node::Meter;
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

use super::{connection::Connection, shared::Shared};

/// How long to wait when the system has no socket left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The seed of the choices of `SPOP` and `SRANDMEMBER`.
const DEFAULT_SEED: u64 = 0;

/// An embedded server that speaks the Redis protocol and keeps everything in
/// memory. It has one database, runs no Lua and asks for no password, so it
/// belongs on loopback or on a private network.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    meter: Arc<Meter>,
    seed: u64,
}

impl Server {
    /// Binds `listen`; port 0 lets the kernel choose. All traffic counts in
    /// `meter`.
    ///
    /// # Errors
    /// If the address is in use or not ours; the message names it.
    pub async fn bind(listen: SocketAddr, meter: Arc<Meter>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("listen on {listen} for the state tier"))?;
        Ok(Self { listener, meter, seed: DEFAULT_SEED })
    }

    /// Decides what `SPOP` and `SRANDMEMBER` choose.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The address that was bound.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("read the bound address")
    }

    /// Serves until `until` resolves, and then closes every connection.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let shared = Arc::new(Shared::new(self.seed));
        let mut connections = JoinSet::new();
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let connection = Connection::new(stream, &self.meter, &shared);
                        connections.spawn(connection.serve());
                    }
                    Err(error) => self.pause_after(&error).await,
                },
                // Finished tasks are taken out, or the set would only grow.
                Some(_) = connections.join_next() => {}
            }
        }
        connections.shutdown().await;
    }

    async fn pause_after(&self, error: &io::Error) {
        eprintln!("accept a connection to the state tier: {error}");
        sleep(ACCEPT_PAUSE).await;
    }
}

//! A server on a thread of its own, for tests and benchmarks.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread::JoinHandle,
};

use anyhow::Context as _;
use node::Meter;
use tokio::sync::oneshot;

use super::Server;

/// A server on a free port of loopback, which ends when this is dropped.
#[derive(Debug)]
pub struct BackgroundServer {
    address: SocketAddr,
    // Both present until the drop.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundServer {
    /// Starts an empty server; it accepts connections when this returns.
    ///
    /// # Errors
    /// If the system has no thread or no port for it.
    pub fn start(meter: Arc<Meter>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start a runtime for the state tier")?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = runtime.block_on(Server::bind(listen, meter))?;
        let address = server.address()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(server.run(async {
                // A sender that is gone means the same as one that sent.
                let _either_way = stopped.await;
            }));
        };
        let thread = std::thread::Builder::new()
            .name("kv-server".to_owned())
            .spawn(serve)
            .context("start a thread for the state tier")?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for BackgroundServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the state tier's thread at {} panicked", self.address);
        }
    }
}

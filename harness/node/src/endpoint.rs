//! The HTTP endpoint that every role has.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context as _;
use axum::{Json, Router, http::StatusCode, routing::get};
use tokio::net::{TcpListener, TcpStream};

use crate::{Meter, Metered, shutdown_signal};

/// Whether a role is ready for work; `/readyz` answers 503 until it is.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says that the role is ready from now on.
    pub fn set_ready(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn status(&self) -> StatusCode {
        if self.0.load(Ordering::Acquire) {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// A bound listener, its byte counter and its readiness.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    meter: Arc<Meter>,
    readiness: Readiness,
}

impl Endpoint {
    /// Binds `listen`; port 0 lets the kernel choose.
    ///
    /// # Errors
    /// If the address is in use or not ours; the message names it.
    pub async fn bind(listen: SocketAddr, meter: Arc<Meter>) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
        Ok(Self { listener, meter, readiness: Readiness::default() })
    }

    /// The address that was bound.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("read the bound address")
    }

    /// The handle by which the role says that it is ready.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Serves `routes`, `/healthz`, `/readyz` and `/metrics` until SIGTERM,
    /// then lets the open requests finish.
    ///
    /// `/metrics` answers a [`crate::NetworkBytes`] as JSON. The metered
    /// totals include the probes' own traffic, a few hundred bytes each.
    ///
    /// # Errors
    /// If the listener breaks or signals cannot be handled.
    pub async fn serve(self, routes: Router) -> anyhow::Result<()> {
        let Self { listener, meter, readiness } = self;
        let reading = Arc::clone(&meter);
        let routes = routes
            .route("/healthz", get(|| async { StatusCode::OK }))
            .route("/readyz", get(move || async move { readiness.status() }))
            .route("/metrics", get(move || async move { Json(reading.read()) }));
        axum::serve(MeteredListener { listener, meter }, routes)
            .with_graceful_shutdown(async {
                if let Err(error) = shutdown_signal().await {
                    eprintln!("cannot handle signals: {error:#}");
                    std::future::pending::<()>().await;
                }
            })
            .await
            .context("serve HTTP")
    }
}

struct MeteredListener {
    listener: TcpListener,
    meter: Arc<Meter>,
}

impl axum::serve::Listener for MeteredListener {
    type Io = Metered<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = axum::serve::Listener::accept(&mut self.listener).await;
        // Small replies must not wait for Nagle: it would add 40 ms to a call.
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("set TCP_NODELAY for {peer}: {error}");
        }
        (self.meter.wrap(stream), peer)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

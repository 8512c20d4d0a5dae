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

use crate::{Meter, Metered, shutdown};

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

    /// Serves `routes`, `/healthz`, `/readyz` and `/metrics` until SIGTERM or
    /// SIGINT, then lets the open requests finish.
    ///
    /// `/metrics` answers a [`crate::NetworkBytes`] as JSON. The metered
    /// totals include the probes' own traffic, a few hundred bytes each.
    ///
    /// # Errors
    /// If the listener breaks or signals cannot be handled.
    pub async fn serve(self, routes: Router) -> anyhow::Result<()> {
        self.serve_until(routes, shutdown::listen_for_shutdown()?).await
    }

    async fn serve_until(
        self,
        routes: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let Self { listener, meter, readiness } = self;
        let reading = Arc::clone(&meter);
        let routes = routes
            .route("/healthz", get(|| async { StatusCode::OK }))
            .route("/readyz", get(move || async move { readiness.status() }))
            .route("/metrics", get(move || async move { Json(reading.read()) }));
        axum::serve(MeteredListener { listener, meter }, routes)
            .with_graceful_shutdown(shutdown)
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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::oneshot,
        task::JoinHandle,
    };

    use super::*;
    use crate::NetworkBytes;

    /// An endpoint that serves until it is told to leave.
    struct Served {
        address: SocketAddr,
        readiness: Readiness,
        leave: oneshot::Sender<()>,
        serving: JoinHandle<anyhow::Result<()>>,
    }

    impl Served {
        async fn begin() -> Self {
            let endpoint =
                Endpoint::bind("127.0.0.1:0".parse().unwrap(), Meter::shared()).await.unwrap();
            let (address, readiness) = (endpoint.address().unwrap(), endpoint.readiness());
            let (leave, left) = oneshot::channel();
            let routes = Router::new().route("/hello", get(|| async { "hello" }));
            let serving = tokio::spawn(endpoint.serve_until(routes, async {
                let _ = left.await;
            }));
            Self { address, readiness, leave, serving }
        }

        /// The whole answer to a request, head and body.
        async fn get(&self, path: &str) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    #[tokio::test]
    async fn a_role_is_alive_before_it_is_ready() {
        let served = Served::begin().await;
        assert!(served.get("/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(served.get("/readyz").await.starts_with("HTTP/1.1 503"));
        served.readiness.set_ready();
        assert!(served.get("/readyz").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn the_metrics_count_what_passed_before_them() {
        let served = Served::begin().await;
        let answer = served.get("/hello").await;
        let metrics = served.get("/metrics").await;
        let (_, body) = metrics.split_once("\r\n\r\n").unwrap();
        let counted: NetworkBytes = serde_json::from_str(body).unwrap();
        assert_eq!(counted.sent_bytes, answer.len() as u64);
        // Two requests of which the paths differ by two letters.
        let request = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".len() as u64;
        assert_eq!(counted.received_bytes, 2 * request + 2);
    }

    #[tokio::test]
    async fn a_role_that_is_told_to_leave_ends_without_an_error() {
        let served = Served::begin().await;
        served.leave.send(()).unwrap();
        served.serving.await.unwrap().unwrap();
        assert!(TcpStream::connect(served.address).await.is_err());
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let served = Served::begin().await;
        let error = Endpoint::bind(served.address, Meter::shared()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("listen on {}", served.address));
    }
}

//! Connections to replicas, kept open between requests and metered.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Request, Response, Uri};
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use node::{Meter, Metered};
use tokio::{net::TcpStream, time::timeout};

use super::kept_body::KeptBody;

/// How long a replica may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long an unused connection stays open.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// An HTTP client for replicas.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client<Connector, KeptBody>,
}

impl Upstream {
    pub(crate) fn new(meter: &Arc<Meter>) -> Self {
        let connector = Connector { meter: Arc::clone(meter) };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .build(connector);
        Self { client }
    }

    /// Sends a request to the address in its URI.
    pub(crate) async fn send(
        &self,
        request: Request<KeptBody>,
    ) -> Result<Response<Incoming>, Error> {
        self.client.request(request).await
    }
}

#[derive(Clone)]
struct Connector {
    meter: Arc<Meter>,
}

impl tower::Service<Uri> for Connector {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let meter = Arc::clone(&self.meter);
        Box::pin(async move {
            let stream = connect(&uri).await?;
            // Small requests must not wait for Nagle.
            stream.set_nodelay(true)?;
            Ok(Stream(TokioIo::new(meter.wrap(stream))))
        })
    }
}

async fn connect(uri: &Uri) -> io::Result<TcpStream> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let address: SocketAddr = authority.parse().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("`{authority}` is no IP address"))
    })?;
    let too_late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    timeout(CONNECT_LIMIT, TcpStream::connect(address)).await.map_err(too_late)?
}

/// A metered connection, as hyper wants it.
struct Stream(TokioIo<Metered<TcpStream>>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

//! A small HTTP client whose bytes are counted.

use std::{net::SocketAddr, str::FromStr, sync::Arc};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use node::Meter;
use tokio::net::TcpStream;

/// Where requests go: a server, and the name by which a gateway knows the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `HOST:PORT`.
    pub authority: String,
    /// The `Host` header, which is the authority unless a gateway routes by it.
    pub service: String,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Sends requests, each on a connection of its own.
#[derive(Debug, Clone)]
pub struct HttpClient {
    meter: Arc<Meter>,
}

impl Origin {
    /// The same server, asked for `service` if one is named.
    #[must_use]
    pub fn with_service(self, service: Option<String>) -> Self {
        Self { service: service.unwrap_or(self.service), ..self }
    }
}

impl From<SocketAddr> for Origin {
    fn from(address: SocketAddr) -> Self {
        Self { authority: address.to_string(), service: address.to_string() }
    }
}

impl FromStr for Origin {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        let is_authority = authority
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        ensure!(is_authority, "`{url}` is no server: expected http://HOST:PORT");
        Ok(Self { authority: authority.to_owned(), service: authority.to_owned() })
    }
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// If the status is none of success; the message is the body.
    pub fn success(self) -> anyhow::Result<Bytes> {
        let (status, body) = (self.status, self.body);
        ensure!(status.is_success(), "answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

impl HttpClient {
    /// A client whose traffic counts in `meter`.
    #[must_use]
    pub fn new(meter: Arc<Meter>) -> Self {
        Self { meter }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// If the server cannot be reached or breaks off; the message names it.
    pub async fn send(
        &self,
        method: Method,
        origin: &Origin,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let what = format!("{method} http://{}{path}", origin.authority);
        self.exchange(method, origin, path, body).await.context(what)
    }

    async fn exchange(
        &self,
        method: Method,
        origin: &Origin,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(&origin.authority).await.context("connect")?;
        stream.set_nodelay(true).context("set TCP_NODELAY")?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(self.meter.wrap(stream))).await?;
        // It ends with the sender; what breaks it, the sender reports as well.
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &origin.service)
            .body(Full::new(body))
            .context("build the request")?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await.context("read the answer")?.to_bytes();
        connection.abort();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_host_and_a_port() {
        for url in ["http://10.0.0.1:80", "10.0.0.1:80", "http://10.0.0.1:80/"] {
            assert_eq!(url.parse::<Origin>().unwrap().authority, "10.0.0.1:80");
        }
        for url in ["", "http://host", ":80", "http://host:port"] {
            assert!(url.parse::<Origin>().is_err(), "{url}");
        }
    }

    #[test]
    fn a_service_changes_the_host_header_only() {
        let origin: Origin = "http://gateway:80".parse().unwrap();
        let named = origin.clone().with_service(Some("faasm-worker".into()));
        assert_eq!(
            (named.authority.as_str(), named.service.as_str()),
            ("gateway:80", "faasm-worker")
        );
        assert_eq!(origin.clone().with_service(None), origin);
    }
}

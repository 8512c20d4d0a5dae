//! One kept connection that sends the same request again and again.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
};

use node::{Meter, Metered};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    Address, Request,
    answer::{Body, Head},
    chunked::Chunked,
};
use crate::client::{Answer, Client, Failure};

/// The longest head of an answer, and the most that one read takes.
const BUFFER_BYTES: usize = 16 << 10;

/// From this status on, an answer is a failure.
const FIRST_BAD_STATUS: u16 = 400;

/// What all connections to one server share.
#[derive(Debug)]
pub struct Endpoint {
    socket: SocketAddr,
    request: Vec<u8>,
    expects_body: bool,
    label_header: Option<String>,
    meter: Arc<Meter>,
}

/// One connection.
#[derive(Debug)]
pub struct HttpClient {
    endpoint: Arc<Endpoint>,
    stream: Option<Metered<TcpStream>>,
    buffer: Box<[u8]>,
    /// How much of the buffer holds bytes of the answer that were not yet taken.
    n_buffered: usize,
    label: String,
    n_connects: u64,
}

impl Endpoint {
    /// Sends `request` to the server at `address`, and labels answers by
    /// the value of `label_header`, if they have it. Bytes count in `meter`.
    ///
    /// # Errors
    /// If the request would break the protocol.
    pub fn new(
        address: &Address,
        request: &Request,
        label_header: Option<String>,
        meter: Arc<Meter>,
    ) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            socket: address.socket(),
            request: request.encode(address.authority())?,
            expects_body: request.expects_body(),
            label_header,
            meter,
        }))
    }
}

impl HttpClient {
    /// A connection that is not made yet.
    #[must_use]
    pub fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            stream: None,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            n_buffered: 0,
            label: String::new(),
            n_connects: 0,
        }
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        self.stream = None;
        self.n_buffered = 0;
        self.n_connects += 1;
        let connect = async {
            let stream = TcpStream::connect(self.endpoint.socket).await?;
            stream.set_nodelay(true)?;
            io::Result::Ok(stream)
        };
        let stream = connect.await.map_err(|_| Failure::Connect)?;
        self.stream = Some(self.endpoint.meter.wrap(stream));
        Ok(())
    }

    /// Whether the server has closed the connection while nothing was asked.
    /// Costs a system call only after the kernel has reported something.
    fn is_stale(&mut self) -> bool {
        let Some(stream) = &self.stream else { return true };
        let read = stream.get_ref().try_read(&mut self.buffer[..1]);
        !matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    async fn exchange(&mut self) -> Result<bool, Failure> {
        if self.is_stale() {
            self.connect().await?;
        }
        let endpoint = Arc::clone(&self.endpoint);
        self.stream()?.write_all(&endpoint.request).await.map_err(|_| Failure::Closed)?;
        let (body, status, keeps_alive, has_label) = self.head(&endpoint).await?;
        self.body(body).await?;
        // Nobody asked for more: what follows would be taken for the next answer.
        if keeps_alive && self.n_buffered > 0 {
            return Err(Failure::Malformed);
        }
        if !keeps_alive {
            self.stream = None;
        }
        if status >= FIRST_BAD_STATUS {
            return Err(Failure::Status(status));
        }
        Ok(has_label)
    }

    /// Reads the head of the final answer, and takes it out of the buffer.
    async fn head(&mut self, endpoint: &Endpoint) -> Result<(Body, u16, bool, bool), Failure> {
        loop {
            if self.n_buffered > 0 {
                let bytes = &self.buffer[..self.n_buffered];
                let label_header = endpoint.label_header.as_deref();
                let head = Head::read(bytes, endpoint.expects_body, label_header);
                if let Some(head) = head.map_err(|_| Failure::Malformed)? {
                    let Head { n_bytes, status, body, keeps_alive, label } = head;
                    self.label.clear();
                    self.label.push_str(label.unwrap_or_default());
                    let has_label = label.is_some();
                    self.discard(n_bytes);
                    if status >= 200 {
                        return Ok((body, status, keeps_alive, has_label));
                    }
                    continue;
                }
            }
            if self.n_buffered == self.buffer.len() {
                return Err(Failure::Malformed);
            }
            if self.fill().await? == 0 {
                return Err(Failure::Closed);
            }
        }
    }

    /// Reads a body to its end, and takes it out of the buffer.
    async fn body(&mut self, mut body: Body) -> Result<(), Failure> {
        loop {
            let is_whole = match &mut body {
                Body::Length(left) => {
                    let n = usize::try_from(*left).unwrap_or(usize::MAX).min(self.n_buffered);
                    *left -= n as u64;
                    let is_whole = *left == 0;
                    self.discard(n);
                    is_whole
                }
                Body::Chunked(chunked) => {
                    let taken = chunked.take(&self.buffer[..self.n_buffered]);
                    let is_whole = *chunked == Chunked::Done;
                    self.discard(taken.map_err(|_| Failure::Malformed)?);
                    is_whole
                }
                Body::UntilClose => {
                    self.n_buffered = 0;
                    false
                }
            };
            if is_whole {
                return Ok(());
            }
            if self.fill().await? == 0 {
                return if body == Body::UntilClose { Ok(()) } else { Err(Failure::Closed) };
            }
        }
    }

    /// Reads more; returns how much, 0 at the end.
    async fn fill(&mut self) -> Result<usize, Failure> {
        let stream = self.stream.as_mut().ok_or(Failure::Closed)?;
        let read = stream.read(&mut self.buffer[self.n_buffered..]).await;
        let n_bytes = read.map_err(|_| Failure::Closed)?;
        self.n_buffered += n_bytes;
        Ok(n_bytes)
    }

    fn discard(&mut self, n_bytes: usize) {
        self.buffer.copy_within(n_bytes..self.n_buffered, 0);
        self.n_buffered -= n_bytes;
    }

    fn stream(&mut self) -> Result<&mut Metered<TcpStream>, Failure> {
        self.stream.as_mut().ok_or(Failure::Closed)
    }
}

impl Client for HttpClient {
    async fn prepare(&mut self) -> Result<(), Failure> {
        self.connect().await
    }

    async fn send(&mut self, _index: u64) -> Answer<'_> {
        match self.exchange().await {
            Ok(has_label) => {
                Answer { outcome: Ok(()), label: has_label.then_some(self.label.as_str()) }
            }
            Err(failure) => {
                // A status ends a whole answer; whatever else failed leaves the
                // connection where nobody knows.
                if !matches!(failure, Failure::Status(_)) {
                    self.reset();
                }
                Answer::failed(failure)
            }
        }
    }

    fn reset(&mut self) {
        self.stream = None;
        self.n_buffered = 0;
    }

    fn n_reconnects(&self) -> u64 {
        self.n_connects.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{net::TcpListener, time::sleep};

    use super::*;

    /// How the client takes each answer of a server that writes `parts`, with
    /// pauses between, to each request, and then closes or waits.
    async fn outcomes(
        parts: &'static [&'static str],
        closes: bool,
        n: usize,
    ) -> Vec<Result<(), Failure>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().into();
        let serve = async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1_000];
                while stream.read(&mut request).await.is_ok_and(|n_bytes| n_bytes > 0) {
                    for part in parts {
                        stream.write_all(part.as_bytes()).await.unwrap();
                        sleep(std::time::Duration::from_millis(2)).await;
                    }
                    if closes {
                        break;
                    }
                }
            }
        };
        let serving = tokio::spawn(serve);
        let endpoint = Endpoint::new(&address, &Request::get("/"), None, Meter::shared());
        let mut client = HttpClient::new(endpoint.unwrap());
        let mut outcomes = Vec::new();
        for index in 0..n {
            outcomes.push(client.send(index as u64).await.outcome);
        }
        serving.abort();
        outcomes
    }

    #[tokio::test]
    async fn a_body_may_come_in_pieces_and_the_connection_goes_on() {
        let chunked = &[
            "HTTP/1.1 200 OK\r\nTransfer-En",
            "coding: chunked\r\n\r\n5\r\nhe",
            "llo\r\n0\r\n\r\n",
        ];
        assert_eq!(outcomes(chunked, false, 3).await, [Ok(()); 3]);
        let measured = &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "llo"];
        assert_eq!(outcomes(measured, false, 3).await, [Ok(()); 3]);
    }

    #[tokio::test]
    async fn a_body_without_a_length_ends_with_the_connection() {
        let endless = &["HTTP/1.1 200 OK\r\n\r\nhello", " world"];
        assert_eq!(outcomes(endless, true, 2).await, [Ok(()); 2]);
    }

    #[tokio::test]
    async fn an_interim_answer_is_not_the_answer() {
        let interim =
            &["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"];
        assert_eq!(outcomes(interim, false, 2).await, [Err(Failure::Status(503)); 2]);
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_is_a_closed_connection() {
        let cut = &["HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"];
        assert_eq!(outcomes(cut, true, 2).await, [Err(Failure::Closed); 2]);
    }

    #[tokio::test]
    async fn more_than_one_answer_to_one_request_is_malformed() {
        let twice = &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"];
        assert_eq!(outcomes(twice, false, 2).await, [Err(Failure::Malformed); 2]);
    }
}

//! A GET of a probe, a meter or a daemon, small enough not to need a client library.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

/// The longest answer that is read: probes and meters say little.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Asks once, on a connection of its own, for at most `limit`.
pub(crate) async fn get(address: SocketAddr, path: &str, limit: Duration) -> io::Result<Answer> {
    tokio::time::timeout(limit, ask(address, path))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn ask(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    exchange(TcpStream::connect(address).await?, &request).await
}

/// Sends a request on a connection that was made for it, and reads the answer.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    let mut received = Vec::new();
    let mut stream = stream.take(MAX_ANSWER_BYTES);
    loop {
        if let Some(answer) = parse(&received)? {
            return Ok(answer);
        }
        if stream.read_buf(&mut received).await? == 0 {
            return parse_to_end(&received);
        }
    }
}

/// A complete answer, judged by its Content-Length; `None` if more must come.
fn parse(received: &[u8]) -> io::Result<Option<Answer>> {
    let Some((status, headers, body)) = split(received)? else { return Ok(None) };
    let length =
        headers.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
        });
    match length {
        Some(Ok(n_bytes)) if body.len() >= n_bytes => {
            Ok(Some(Answer { status, body: body[..n_bytes].to_vec() }))
        }
        Some(Err(_)) => Err(malformed()),
        _ => Ok(None),
    }
}

/// The answer of a server that closed the connection behind it.
fn parse_to_end(received: &[u8]) -> io::Result<Answer> {
    let (status, _, body) = split(received)?.ok_or_else(malformed)?;
    Ok(Answer { status, body: body.to_vec() })
}

fn split(received: &[u8]) -> io::Result<Option<(u16, &str, &[u8])>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = str::from_utf8(&received[..end]).map_err(|_| malformed())?;
    let (status_line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status_line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(malformed)?;
    Ok(Some((status, headers, &received[end + 4..])))
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP/1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_length_is_complete_when_the_body_is() {
        let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        assert_eq!(parse(&text[..text.len() - 1]).unwrap(), None);
        let answer = Answer { status: 200, body: b"hi".to_vec() };
        assert_eq!(parse(text).unwrap(), Some(answer));
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_connection() {
        let text = b"HTTP/1.0 503 Busy\r\nServer: x\r\n\r\nlater";
        assert_eq!(parse(text).unwrap(), None);
        assert_eq!(parse_to_end(text).unwrap().status, 503);
    }

    #[test]
    fn what_is_not_http_is_refused() {
        assert!(parse(b"+PONG\r\n\r\n").is_err());
        assert!(parse_to_end(b"").is_err());
    }
}

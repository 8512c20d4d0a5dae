//! The head of an answer: its status, where its body ends, what follows it.

use super::chunked::{Chunked, Malformed};

/// As many headers as an answer may have.
const MAX_HEADERS: usize = 64;

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// Its length.
    pub(super) n_bytes: usize,
    pub(super) status: u16,
    pub(super) body: Body,
    /// Whether another request may follow on the connection.
    pub(super) keeps_alive: bool,
    /// The value of the header that labels answers.
    pub(super) label: Option<&'a str>,
}

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// After so many bytes.
    Length(u64),
    /// Where its chunks say.
    Chunked(Chunked),
    /// Where the connection does.
    UntilClose,
}

/// What the headers say together.
#[derive(Default)]
struct Said<'a> {
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    keeps_alive: bool,
    label: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Reads a head from the bytes so far; none if more are needed.
    ///
    /// Interim answers (status 1xx) are heads too, without a body.
    pub(super) fn read(
        bytes: &'a [u8],
        expects_body: bool,
        label_header: Option<&str>,
    ) -> Result<Option<Self>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let n_bytes = match response.parse(bytes) {
            Ok(httparse::Status::Complete(n_bytes)) => n_bytes,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Malformed),
        };
        let status = response.code.filter(|code| (100..1000).contains(code)).ok_or(Malformed)?;
        let said = Said::of(response.headers, label_header)?;
        let is_1_1 = response.version == Some(1);
        let is_empty = !expects_body || status < 200 || status == 204 || status == 304;
        let body = match (said.length, said.is_chunked) {
            _ if is_empty => Body::Length(0),
            // Two ways to find the end are one too many.
            (Some(_), true) => return Err(Malformed),
            (Some(length), false) => Body::Length(length),
            (None, true) => Body::Chunked(Chunked::START),
            (None, false) => Body::UntilClose,
        };
        let keeps_alive = !said.closes && (is_1_1 || said.keeps_alive) && body != Body::UntilClose;
        Ok(Some(Self { n_bytes, status, body, keeps_alive, label: said.label }))
    }
}

impl<'a> Said<'a> {
    fn of(headers: &[httparse::Header<'a>], label_header: Option<&str>) -> Result<Self, Malformed> {
        let mut said = Self::default();
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let length = length(header.value)?;
                if said.length.is_some_and(|earlier| earlier != length) {
                    return Err(Malformed);
                }
                said.length = Some(length);
            } else if is("transfer-encoding") {
                // A client that asks for nothing else may get nothing else.
                said.is_chunked = header.value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                if !said.is_chunked {
                    return Err(Malformed);
                }
            } else if is("connection") {
                said.closes |= has_token(header.value, "close");
                said.keeps_alive |= has_token(header.value, "keep-alive");
            } else if label_header.is_some_and(is) {
                said.label = Some(std::str::from_utf8(header.value).map_err(|_| Malformed)?.trim());
            }
        }
        Ok(said)
    }
}

fn length(value: &[u8]) -> Result<u64, Malformed> {
    let text = std::str::from_utf8(value.trim_ascii()).map_err(|_| Malformed)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Malformed)
}

fn has_token(value: &[u8], token: &str) -> bool {
    let mut tokens = value.split(|byte| *byte == b',');
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Head<'_>>, Malformed> {
        Head::read(text.as_bytes(), true, Some("x-start"))
    }

    #[track_caller]
    fn check(text: &str, status: u16, body: Body, keeps_alive: bool) {
        let head = read(text).unwrap().unwrap();
        assert_eq!((head.status, head.body, head.keeps_alive), (status, body, keeps_alive));
        assert_eq!(head.n_bytes, text.len());
    }

    #[test]
    fn the_end_of_the_body_is_where_the_head_says() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, Body::Length(5), true);
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n";
        check(chunked, 200, Body::Chunked(Chunked::START), true);
        check("HTTP/1.1 200 OK\r\n\r\n", 200, Body::UntilClose, false);
        check("HTTP/1.1 204 No Content\r\n\r\n", 204, Body::Length(0), true);
        check("HTTP/1.1 100 Continue\r\n\r\n", 100, Body::Length(0), true);
    }

    #[test]
    fn the_connection_stays_unless_the_answer_says_otherwise() {
        let head =
            |version, extra| format!("HTTP/{version} 503 No\r\nContent-Length: 0\r\n{extra}\r\n");
        check(&head("1.1", ""), 503, Body::Length(0), true);
        check(&head("1.1", "Connection: a, Close\r\n"), 503, Body::Length(0), false);
        check(&head("1.0", ""), 503, Body::Length(0), false);
        check(&head("1.0", "Connection: keep-alive\r\n"), 503, Body::Length(0), true);
    }

    #[test]
    fn an_answer_to_a_head_request_has_no_body() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
        let head = Head::read(text, false, None).unwrap().unwrap();
        assert_eq!(head.body, Body::Length(0));
    }

    #[test]
    fn the_label_is_a_header() {
        let head = read("HTTP/1.1 200 OK\r\nX-Start: cold\r\nContent-Length: 0\r\n\r\n").unwrap();
        assert_eq!(head.unwrap().label, Some("cold"));
    }

    #[test]
    fn half_a_head_is_none_yet() {
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Le"), Ok(None));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_malformed() {
        for headers in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
            assert_eq!(read(&text), Err(Malformed), "{headers}");
        }
        assert_eq!(read("SSH-2.0-OpenSSH\r\n\r\n"), Err(Malformed));
    }
}

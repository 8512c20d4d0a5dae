//! Reading requests from a buffer that fills as bytes arrive.

use memchr::memchr;

use super::{
    decimal::parse_decimal,
    inline::split_inline,
    limits::{MAX_BULK_BYTES, MAX_LINE_BYTES, MAX_REQUEST_ARGS},
};

/// Why the bytes are no request; the connection cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Protocol error: {0}")]
pub(crate) struct ProtocolError(pub(crate) String);

/// How far the decoder came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// The request is whole: it is this long.
    Complete { len_bytes: usize },
    /// At least this many bytes are missing.
    Incomplete { n_missing: usize },
}

/// Where an argument lies in the request.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    len_bytes: usize,
}

/// The arguments of one request, the command's name first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

/// Decodes one request at a time, and never looks twice at a byte.
#[derive(Debug, Default)]
pub(crate) struct RequestDecoder {
    n_args: Option<usize>,
    open_bulk: Option<usize>,
    position: usize,
    n_searched: usize,
    spans: Vec<Span>,
    // An inline request's arguments, unquoted.
    inline: Option<Vec<u8>>,
}

impl<'a> Args<'a> {
    pub(crate) fn len(self) -> usize {
        self.spans.len()
    }

    pub(crate) fn get(self, index: usize) -> Option<&'a [u8]> {
        let span = self.spans.get(index)?;
        Some(&self.bytes[span.start..span.start + span.len_bytes])
    }

    /// The arguments from `first` on.
    pub(crate) fn skip(self, first: usize) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let rest = self.spans.get(first..).unwrap_or_default();
        rest.iter().map(move |span| &self.bytes[span.start..span.start + span.len_bytes])
    }
}

impl RequestDecoder {
    /// Looks at `unread`, which begins where the request begins, and which only
    /// grows until the request is whole.
    pub(crate) fn decode(&mut self, unread: &[u8]) -> Result<Decoded, ProtocolError> {
        let n_args = match self.n_args {
            Some(n_args) => n_args,
            None => match unread.first() {
                None => return Ok(Decoded::Incomplete { n_missing: 1 }),
                Some(b'*') => match self.head_line(unread, "mbulk count")? {
                    Some(line) => *self.n_args.insert(n_args(line)?),
                    None => return Ok(Decoded::Incomplete { n_missing: 1 }),
                },
                Some(_) => return self.decode_inline(unread),
            },
        };
        while self.spans.len() < n_args {
            if let Some(n_missing) = self.decode_arg(unread)? {
                return Ok(Decoded::Incomplete { n_missing });
            }
        }
        Ok(Decoded::Complete { len_bytes: self.position })
    }

    /// The arguments of the request that `unread` begins with.
    pub(crate) fn args<'a>(&'a self, unread: &'a [u8]) -> Args<'a> {
        Args { bytes: self.inline.as_deref().unwrap_or(unread), spans: &self.spans }
    }

    /// Begins the next request.
    pub(crate) fn reset(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        spans.shrink_to(1024);
        *self = Self { spans, ..Self::default() };
    }

    /// Decodes one argument, or says how many bytes it lacks.
    fn decode_arg(&mut self, unread: &[u8]) -> Result<Option<usize>, ProtocolError> {
        let len_bytes = match self.open_bulk {
            Some(len_bytes) => len_bytes,
            None => {
                match unread.get(self.position) {
                    None => return Ok(Some(1)),
                    Some(b'$') => {}
                    Some(other) => {
                        let shown = char::from(*other).escape_default();
                        return Err(ProtocolError(format!("expected '$', got '{shown}'")));
                    }
                }
                match self.head_line(unread, "bulk count")? {
                    Some(line) => *self.open_bulk.insert(bulk_len(line)?),
                    None => return Ok(Some(1)),
                }
            }
        };
        let end = self.position + len_bytes;
        match unread.get(end..end + 2) {
            None => return Ok(Some(end + 2 - unread.len())),
            Some(b"\r\n") => {}
            Some(_) => return Err(ProtocolError("expected CRLF after a bulk".to_owned())),
        }
        self.spans.push(Span { start: self.position, len_bytes });
        self.position = end + 2;
        self.open_bulk = None;
        Ok(None)
    }

    /// The line at the position, without its first byte, once it has arrived.
    fn head_line<'a>(
        &mut self,
        unread: &'a [u8],
        what: &str,
    ) -> Result<Option<&'a [u8]>, ProtocolError> {
        let from = self.position + self.n_searched;
        let Some(at) = memchr(b'\n', &unread[from..]) else {
            self.n_searched = unread.len() - self.position;
            return if self.n_searched > MAX_LINE_BYTES {
                Err(ProtocolError(format!("too big {what} string")))
            } else {
                Ok(None)
            };
        };
        let line = &unread[self.position + 1..from + at];
        self.position = from + at + 1;
        self.n_searched = 0;
        // A line without CR is no number, so the reader of the line refuses it.
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(b"")))
    }

    fn decode_inline(&mut self, unread: &[u8]) -> Result<Decoded, ProtocolError> {
        let Some(at) = memchr(b'\n', &unread[self.n_searched..]) else {
            self.n_searched = unread.len();
            return if self.n_searched > MAX_LINE_BYTES {
                Err(ProtocolError("too big inline request".to_owned()))
            } else {
                Ok(Decoded::Incomplete { n_missing: 1 })
            };
        };
        let len_bytes = self.n_searched + at + 1;
        let args = split_inline(&unread[..len_bytes - 1])
            .ok_or_else(|| ProtocolError("unbalanced quotes in request".to_owned()))?;
        let mut bytes = Vec::new();
        for arg in &args {
            self.spans.push(Span { start: bytes.len(), len_bytes: arg.len() });
            bytes.extend_from_slice(arg);
        }
        self.inline = Some(bytes);
        Ok(Decoded::Complete { len_bytes })
    }
}

/// A count of arguments; a count below one is an empty request, as in Redis.
fn n_args(line: &[u8]) -> Result<usize, ProtocolError> {
    match parse_decimal(line) {
        Some(n_args) if n_args < 1 => Ok(0),
        Some(n_args) if n_args <= MAX_REQUEST_ARGS as i64 => Ok(n_args as usize),
        _ => Err(ProtocolError("invalid multibulk length".to_owned())),
    }
}

fn bulk_len(line: &[u8]) -> Result<usize, ProtocolError> {
    match parse_decimal(line) {
        Some(len_bytes) if (0..=MAX_BULK_BYTES as i64).contains(&len_bytes) => {
            Ok(len_bytes as usize)
        }
        _ => Err(ProtocolError("invalid bulk length".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::RequestBuffer;

    fn decode_all(chunks: &[&[u8]]) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let (mut decoder, mut unread, mut requests) =
            (RequestDecoder::default(), Vec::new(), Vec::new());
        for chunk in chunks {
            unread.extend_from_slice(chunk);
            while let Decoded::Complete { len_bytes } = decoder.decode(&unread)? {
                requests.push(decoder.args(&unread).skip(0).map(<[u8]>::to_vec).collect());
                unread.drain(..len_bytes);
                decoder.reset();
            }
        }
        Ok(requests)
    }

    fn three_requests() -> (Vec<u8>, Vec<Vec<Vec<u8>>>) {
        let requests: [&[&[u8]]; 3] = [&[b"SET", b"k\0\r\n", b""], &[b"PING"], &[b"GET", b"$1"]];
        let mut encoded = RequestBuffer::default();
        for request in requests {
            encoded.push(request);
        }
        let mut bytes = encoded.as_bytes().to_vec();
        bytes.extend_from_slice(b"ECHO 'a b'\r\n*0\r\n");
        let mut expected: Vec<Vec<Vec<u8>>> = requests
            .iter()
            .map(|request| request.iter().map(|arg| arg.to_vec()).collect())
            .collect();
        expected.push(vec![b"ECHO".to_vec(), b"a b".to_vec()]);
        expected.push(vec![]);
        (bytes, expected)
    }

    #[test]
    fn requests_may_arrive_split_at_any_byte() {
        let (bytes, expected) = three_requests();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(decode_all(&[head, tail]).unwrap(), expected, "split at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decode_all(&single).unwrap(), expected);
    }

    #[test]
    fn an_incomplete_request_says_how_much_of_its_payload_is_missing() {
        let mut decoder = RequestDecoder::default();
        let decoded = decoder.decode(b"*2\r\n$3\r\nGET\r\n$1000\r\nabc");
        assert_eq!(decoded, Ok(Decoded::Incomplete { n_missing: 999 }));
    }

    fn check_refused(bytes: &[u8], expected: &str) {
        assert_eq!(decode_all(&[bytes]), Err(ProtocolError(expected.to_owned())));
    }

    #[test]
    fn a_malformed_request_is_refused_with_the_texts_of_redis() {
        check_refused(b"*x\r\n", "invalid multibulk length");
        check_refused(b"*2147483648\r\n", "invalid multibulk length");
        check_refused(b"*99999999999999999999\r\n", "invalid multibulk length");
        check_refused(b"*1\n", "invalid multibulk length");
        check_refused(b"*1\r\n:1\r\n", "expected '$', got ':'");
        check_refused(b"*1\r\n$-1\r\n", "invalid bulk length");
        check_refused(b"*1\r\n$536870913\r\n", "invalid bulk length");
        check_refused(b"*1\r\n$\r\n", "invalid bulk length");
        check_refused(b"GET 'a\r\n", "unbalanced quotes in request");
        check_refused(&[b'*'; 70_000], "too big mbulk count string");
        check_refused(&[b'a'; 70_000], "too big inline request");
    }

    #[test]
    fn a_payload_must_end_where_it_says() {
        check_refused(b"*1\r\n$4\r\nPINGPONG\r\n", "expected CRLF after a bulk");
    }

    #[test]
    fn no_bytes_at_all_make_it_panic() {
        const ALPHABET: &[u8] = b"*$-19\r\n'\"\\xA";
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let noise: Vec<u8> = (0..24)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ALPHABET[(seed >> 33) as usize % ALPHABET.len()]
                })
                .collect();
            let _either_is_fine = decode_all(&[&noise[..12], &noise[12..]]);
        }
    }
}

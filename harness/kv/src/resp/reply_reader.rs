//! Reading replies from a blocking stream.

use std::io::{self, Read};

use memchr::memchr;

use super::{
    Reply,
    decimal::parse_decimal,
    limits::{MAX_BULK_BYTES, MAX_LINE_BYTES, MAX_REPLY_DEPTH},
};

/// How much is read at once.
const CHUNK_BYTES: usize = 128 * 1024;

/// Why no reply could be read.
#[derive(Debug)]
pub(crate) enum DecodeError {
    Io(io::Error),
    Malformed(String),
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The first line of a reply to a command that answers a string.
#[derive(Debug)]
pub(crate) enum Header {
    /// A string of this many bytes follows: take it with
    /// [`ReplyReader::payload_into`].
    Bulk(usize),
    /// The whole reply: it was not a string.
    Other(Reply),
}

/// A buffer of bytes that arrived, and the reader of replies from it.
#[derive(Debug)]
pub(crate) struct ReplyReader {
    // `buffer[start..end]` holds what arrived and is unread. The rest is
    // scratch space that stays initialised, so that no read has to clear it.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReplyReader {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; CHUNK_BYTES], start: 0, end: 0 }
    }

    /// Takes in what has arrived, once; the end of the stream is an error.
    pub(crate) fn fill(&mut self, stream: &mut impl Read) -> io::Result<()> {
        self.make_room();
        let n_bytes = loop {
            match stream.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if n_bytes == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection",
            ));
        }
        self.end += n_bytes;
        Ok(())
    }

    /// Reads one reply.
    pub(crate) fn read(&mut self, stream: &mut impl Read) -> Result<Reply, DecodeError> {
        self.read_nested(stream, MAX_REPLY_DEPTH)
    }

    /// Reads one reply, but leaves the payload of a string unread.
    pub(crate) fn read_header(&mut self, stream: &mut impl Read) -> Result<Header, DecodeError> {
        let (kind, line) = self.line(stream)?;
        if kind == b'$' {
            if let Some(len_bytes) = length(line, MAX_BULK_BYTES)? {
                return Ok(Header::Bulk(len_bytes));
            }
            return Ok(Header::Other(Reply::Null));
        }
        let line = line.to_vec();
        self.read_after(stream, kind, &line, MAX_REPLY_DEPTH).map(Header::Other)
    }

    /// Hands the payload announced by [`Header::Bulk`] to `sink`, piece by piece.
    pub(crate) fn payload_into(
        &mut self,
        stream: &mut impl Read,
        len_bytes: usize,
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), DecodeError> {
        let mut offset = 0;
        while offset < len_bytes {
            if self.start == self.end {
                self.fill(stream)?;
            }
            let n_bytes = (len_bytes - offset).min(self.end - self.start);
            sink(offset, &self.buffer[self.start..self.start + n_bytes]);
            self.start += n_bytes;
            offset += n_bytes;
        }
        self.end_of_bulk(stream)
    }

    fn read_nested(&mut self, stream: &mut impl Read, depth: usize) -> Result<Reply, DecodeError> {
        let (kind, line) = self.line(stream)?;
        // Integers are most of the replies of a push: they take no copy.
        if kind == b':' {
            return integer(line).map(Reply::Integer);
        }
        let line = line.to_vec();
        self.read_after(stream, kind, &line, depth)
    }

    fn read_after(
        &mut self,
        stream: &mut impl Read,
        kind: u8,
        line: &[u8],
        depth: usize,
    ) -> Result<Reply, DecodeError> {
        let text = || String::from_utf8_lossy(line).into_owned();
        Ok(match kind {
            b'+' => Reply::Simple(text()),
            b'-' => Reply::Error(text()),
            b':' => Reply::Integer(integer(line)?),
            b'$' => match length(line, MAX_BULK_BYTES)? {
                Some(len_bytes) => Reply::Bulk(self.payload(stream, len_bytes)?),
                None => Reply::Null,
            },
            b'*' | b'>' => match length(line, usize::MAX)? {
                Some(n_items) => Reply::Array(self.items(stream, n_items, depth)?),
                None => Reply::Null,
            },
            b'~' => Reply::Set(self.items(stream, required_length(line)?, depth)?),
            b'%' => Reply::Map(self.pairs(stream, required_length(line)?, depth)?),
            b'_' => Reply::Null,
            b'#' => Reply::Boolean(boolean(line)?),
            b',' => Reply::Double(double(line)?),
            b'(' => Reply::BigNumber(text()),
            b'!' => Reply::Error(
                String::from_utf8_lossy(&self.payload(stream, required_length(line)?)?)
                    .into_owned(),
            ),
            b'=' => Reply::Bulk(self.verbatim(stream, required_length(line)?)?),
            other => return Err(malformed("no reply begins with", &[other])),
        })
    }

    fn items(
        &mut self,
        stream: &mut impl Read,
        n_items: usize,
        depth: usize,
    ) -> Result<Vec<Reply>, DecodeError> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| DecodeError::Malformed("a reply is nested too deeply".to_owned()))?;
        // The announced number is only believed as the items arrive.
        let mut items = Vec::with_capacity(n_items.min(1024));
        for _ in 0..n_items {
            items.push(self.read_nested(stream, depth)?);
        }
        Ok(items)
    }

    fn pairs(
        &mut self,
        stream: &mut impl Read,
        n_pairs: usize,
        depth: usize,
    ) -> Result<Vec<(Reply, Reply)>, DecodeError> {
        let mut items = self.items(stream, n_pairs.saturating_mul(2), depth)?.into_iter();
        Ok(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect())
    }

    fn payload(
        &mut self,
        stream: &mut impl Read,
        len_bytes: usize,
    ) -> Result<Vec<u8>, DecodeError> {
        if len_bytes > MAX_BULK_BYTES {
            return Err(malformed("a string is too long:", len_bytes.to_string().as_bytes()));
        }
        // Zeroed memory of this size comes untouched from the kernel: a server
        // that announces much and sends little costs address space only.
        let mut payload = vec![0; len_bytes];
        let n_buffered = len_bytes.min(self.end - self.start);
        payload[..n_buffered].copy_from_slice(&self.buffer[self.start..self.start + n_buffered]);
        self.start += n_buffered;
        stream.read_exact(&mut payload[n_buffered..])?;
        self.end_of_bulk(stream)?;
        Ok(payload)
    }

    /// A text with its format in front (`txt:`), which nobody here asks for.
    fn verbatim(
        &mut self,
        stream: &mut impl Read,
        len_bytes: usize,
    ) -> Result<Vec<u8>, DecodeError> {
        let mut payload = self.payload(stream, len_bytes)?;
        if payload.get(3) != Some(&b':') {
            return Err(malformed("a verbatim string has no format:", &payload));
        }
        payload.drain(..4);
        Ok(payload)
    }

    fn end_of_bulk(&mut self, stream: &mut impl Read) -> Result<(), DecodeError> {
        while self.end - self.start < 2 {
            self.fill(stream)?;
        }
        let end = [self.buffer[self.start], self.buffer[self.start + 1]];
        self.start += 2;
        if end == *b"\r\n" { Ok(()) } else { Err(malformed("a string ends with", &end)) }
    }

    /// The kind and the rest of the next line.
    fn line(&mut self, stream: &mut impl Read) -> Result<(u8, &[u8]), DecodeError> {
        let mut n_searched = 0;
        let len_bytes = loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr(b'\n', &unread[n_searched..]) {
                break n_searched + at;
            }
            n_searched = unread.len();
            if n_searched > MAX_LINE_BYTES {
                return Err(malformed("a line is too long:", &unread[..32]));
            }
            self.fill(stream)?;
        };
        let line = &self.buffer[self.start..self.start + len_bytes];
        self.start += len_bytes + 1;
        match line {
            [kind, rest @ .., b'\r'] => Ok((*kind, rest)),
            _ => Err(malformed("a line is empty or ends without CR:", line)),
        }
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.buffer.truncate(CHUNK_BYTES);
            self.buffer.shrink_to(CHUNK_BYTES);
        } else if self.end == self.buffer.len() {
            if self.start >= self.end / 2 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.buffer.resize(2 * self.end, 0);
            }
        }
    }
}

fn integer(line: &[u8]) -> Result<i64, DecodeError> {
    parse_decimal(line).ok_or_else(|| malformed("this is no integer:", line))
}

/// A length, or none for -1.
fn length(line: &[u8], max: usize) -> Result<Option<usize>, DecodeError> {
    match parse_decimal(line) {
        Some(-1) => Ok(None),
        Some(length) => match usize::try_from(length) {
            Ok(length) if length <= max => Ok(Some(length)),
            _ => Err(malformed("this is no length:", line)),
        },
        None => Err(malformed("this is no length:", line)),
    }
}

fn required_length(line: &[u8]) -> Result<usize, DecodeError> {
    length(line, usize::MAX)?.ok_or_else(|| malformed("this is no length:", line))
}

fn boolean(line: &[u8]) -> Result<bool, DecodeError> {
    match line {
        b"t" => Ok(true),
        b"f" => Ok(false),
        _ => Err(malformed("this is no truth value:", line)),
    }
}

fn double(line: &[u8]) -> Result<f64, DecodeError> {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("this is no number:", line))
}

fn malformed(what: &str, bytes: &[u8]) -> DecodeError {
    let shown = &bytes[..bytes.len().min(32)];
    DecodeError::Malformed(format!("{what} `{}`", shown.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields its pieces one read at a time.
    struct Pieces<'a>(Vec<&'a [u8]>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            while self.0.first().is_some_and(|piece| piece.is_empty()) {
                self.0.remove(0);
            }
            match self.0.first_mut() {
                Some(piece) => piece.read(buffer),
                None => Ok(0),
            }
        }
    }

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.as_bytes().to_vec())
    }

    fn every_kind() -> (Vec<u8>, Reply) {
        let text = "*13\r\n+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\0\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n\
                    (123\r\n!3\r\nbad\r\n=7\r\ntxt:abc\r\n~1\r\n%1\r\n+k\r\n:1\r\n";
        let reply = Reply::Array(vec![
            Reply::Simple("OK".to_owned()),
            Reply::Error("ERR no".to_owned()),
            Reply::Integer(-42),
            bulk("a\r\nb\0"),
            Reply::Null,
            Reply::Null,
            Reply::Null,
            Reply::Boolean(true),
            Reply::Double(1.5),
            Reply::BigNumber("123".to_owned()),
            Reply::Error("bad".to_owned()),
            bulk("abc"),
            Reply::Set(vec![Reply::Map(vec![(Reply::Simple("k".to_owned()), Reply::Integer(1))])]),
        ]);
        (text.as_bytes().to_vec(), reply)
    }

    #[test]
    fn a_reply_may_arrive_split_at_any_byte() {
        let (bytes, expected) = every_kind();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let reply = ReplyReader::new().read(&mut Pieces(vec![head, tail])).unwrap();
            assert_eq!(reply, expected, "split at {at}");
        }
        let single = bytes.chunks(1).collect();
        assert_eq!(ReplyReader::new().read(&mut Pieces(single)).unwrap(), expected);
    }

    #[test]
    fn replies_follow_each_other() {
        let mut stream = &b":1\r\n$2\r\nab\r\n:3\r\n"[..];
        let mut reader = ReplyReader::new();
        let replies: Vec<_> = (0..3).map(|_| reader.read(&mut stream).unwrap()).collect();
        assert_eq!(replies, [Reply::Integer(1), bulk("ab"), Reply::Integer(3)]);
    }

    #[test]
    fn a_reply_cut_anywhere_is_an_end_of_stream() {
        let (bytes, _) = every_kind();
        for at in 0..bytes.len() {
            let result = ReplyReader::new().read(&mut &bytes[..at]);
            assert!(
                matches!(&result, Err(DecodeError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof),
                "cut at {at}: {result:?}"
            );
        }
    }

    #[test]
    fn a_malformed_reply_is_an_error() {
        let nested = "*1\r\n".repeat(100_000);
        for bytes in [
            "hello\r\n",
            "\r\n",
            ":1\n",
            ":one\r\n",
            "$-2\r\n",
            "$536870913\r\n",
            "$99999999999999999999\r\n",
            "$2\r\nabcd",
            "~-1\r\n",
            "#maybe\r\n",
            ",x\r\n",
            "=2\r\nab\r\n",
            &nested,
            &"+".repeat(100_000),
        ] {
            let result = ReplyReader::new().read(&mut bytes.as_bytes());
            assert!(matches!(result, Err(DecodeError::Malformed(_))), "{bytes:.40}: {result:?}");
        }
    }

    #[test]
    fn a_payload_reaches_the_sink_in_order_and_whole() {
        let payload: Vec<u8> = (0..400_000_u32).map(|i| i as u8).collect();
        let mut bytes = format!("${}\r\n", payload.len()).into_bytes();
        bytes.extend_from_slice(&payload);
        bytes.extend_from_slice(b"\r\n:7\r\n");
        let (mut stream, mut reader) = (&bytes[..], ReplyReader::new());
        let Header::Bulk(len_bytes) = reader.read_header(&mut stream).unwrap() else {
            panic!("a string was sent")
        };
        let mut received = Vec::new();
        let mut sink = |offset: usize, chunk: &[u8]| {
            assert_eq!(offset, received.len());
            received.extend_from_slice(chunk);
        };
        reader.payload_into(&mut stream, len_bytes, &mut sink).unwrap();
        assert!(received == payload);
        assert_eq!(reader.read(&mut stream).unwrap(), Reply::Integer(7));
    }
}

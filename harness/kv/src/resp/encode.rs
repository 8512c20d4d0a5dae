//! Writing replies and requests into one growing buffer.

use super::decimal::push_decimal;
use crate::spares::Spares;

/// What a binary string has around it at most: its length and two line ends.
const BULK_FRAME_BYTES: usize = 32;

/// The version of RESP that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// RESP2, what every connection begins with.
    Resp2,
    /// RESP3, after `HELLO 3`.
    Resp3,
}

/// Replies, encoded one after the other.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// What is encoded and not yet taken.
    pub(crate) bytes: Vec<u8>,
    /// How maps, sets and nulls are written.
    pub(crate) protocol: Protocol,
    /// Where there is room for large replies.
    pub(crate) spares: Spares,
}

impl Encoder {
    /// An empty buffer.
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self { bytes: Vec::new(), protocol, spares: Spares::default() }
    }

    /// A short text such as `OK`.
    pub(crate) fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error; a line break in it would end the frame, so it becomes a blank.
    pub(crate) fn error(&mut self, text: &str) {
        self.line(b'-', text.replace(['\r', '\n'], " ").as_bytes());
    }

    /// An integer.
    pub(crate) fn integer(&mut self, value: i64) {
        self.head(b':', value);
    }

    /// A length or a count.
    pub(crate) fn count(&mut self, n: usize) {
        self.integer(as_i64(n));
    }

    /// A binary string.
    pub(crate) fn bulk(&mut self, payload: &[u8]) {
        self.spares.make_room(&mut self.bytes, payload.len() + BULK_FRAME_BYTES);
        push_bulk(&mut self.bytes, payload);
    }

    /// A binary string, or the absence of one.
    pub(crate) fn optional_bulk(&mut self, payload: Option<&[u8]>) {
        match payload {
            Some(payload) => self.bulk(payload),
            None => self.null(),
        }
    }

    /// The absence of a string.
    pub(crate) fn null(&mut self) {
        self.bytes.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The absence of an array.
    pub(crate) fn null_array(&mut self) {
        self.bytes.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// Opens an array; `n_items` values follow.
    pub(crate) fn array(&mut self, n_items: usize) {
        self.head(b'*', as_i64(n_items));
    }

    /// Opens a set; `n_items` values follow.
    pub(crate) fn set(&mut self, n_items: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(n_items),
            Protocol::Resp3 => self.head(b'~', as_i64(n_items)),
        }
    }

    /// Opens a map; `n_pairs` keys and values follow.
    pub(crate) fn map(&mut self, n_pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(2 * n_pairs),
            Protocol::Resp3 => self.head(b'%', as_i64(n_pairs)),
        }
    }

    fn head(&mut self, kind: u8, value: i64) {
        push_head(&mut self.bytes, kind, value);
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(text);
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// Requests, encoded one after the other.
#[derive(Debug, Default)]
pub(crate) struct RequestBuffer {
    bytes: Vec<u8>,
}

impl RequestBuffer {
    /// Appends one request.
    pub(crate) fn push(&mut self, args: &[&[u8]]) {
        push_head(&mut self.bytes, b'*', as_i64(args.len()));
        for arg in args {
            push_bulk(&mut self.bytes, arg);
        }
    }

    /// Appends one request but for its last argument, of which only the length
    /// is written: [`RequestBuffer::close`] appends it, or the caller sends it
    /// and a line break.
    pub(crate) fn push_open(&mut self, args: &[&[u8]], last_len_bytes: usize) {
        push_head(&mut self.bytes, b'*', as_i64(args.len() + 1));
        for arg in args {
            push_bulk(&mut self.bytes, arg);
        }
        push_head(&mut self.bytes, b'$', as_i64(last_len_bytes));
    }

    /// Appends the last argument of a request that was left open.
    pub(crate) fn close(&mut self, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Appends `SETRANGE key offset` with a payload that `fill` writes in place.
    pub(crate) fn push_set_range(
        &mut self,
        key: &[u8],
        offset: u64,
        len_bytes: usize,
        fill: impl FnOnce(&mut [u8]),
    ) {
        self.bytes.extend_from_slice(b"*4\r\n$8\r\nSETRANGE\r\n");
        push_bulk(&mut self.bytes, key);
        push_head(&mut self.bytes, b'$', i64::from(offset.checked_ilog10().unwrap_or(0)) + 1);
        push_decimal(&mut self.bytes, offset.cast_signed());
        self.bytes.extend_from_slice(b"\r\n");
        push_head(&mut self.bytes, b'$', as_i64(len_bytes));
        let start = self.bytes.len();
        self.bytes.resize(start + len_bytes, 0);
        fill(&mut self.bytes[start..]);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The encoded requests.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the requests, and the memory beyond `keep_bytes`.
    pub(crate) fn clear(&mut self, keep_bytes: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(keep_bytes);
    }
}

fn push_bulk(out: &mut Vec<u8>, payload: &[u8]) {
    push_head(out, b'$', as_i64(payload.len()));
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

fn push_head(out: &mut Vec<u8>, kind: u8, value: i64) {
    out.push(kind);
    push_decimal(out, value);
    out.extend_from_slice(b"\r\n");
}

fn as_i64(n: usize) -> i64 {
    i64::try_from(n).expect("nothing in memory is longer than i64::MAX")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: Protocol, encode: impl FnOnce(&mut Encoder), expected: &str) {
        let mut out = Encoder::new(protocol);
        encode(&mut out);
        assert_eq!(String::from_utf8(out.bytes).unwrap(), expected);
    }

    #[test]
    fn resp2_has_arrays_where_resp3_has_maps_and_sets() {
        check(Protocol::Resp2, |out| out.map(2), "*4\r\n");
        check(Protocol::Resp3, |out| out.map(2), "%2\r\n");
        check(Protocol::Resp2, |out| out.set(2), "*2\r\n");
        check(Protocol::Resp3, |out| out.set(2), "~2\r\n");
    }

    #[test]
    fn resp2_has_two_nulls_and_resp3_one() {
        check(Protocol::Resp2, Encoder::null, "$-1\r\n");
        check(Protocol::Resp2, Encoder::null_array, "*-1\r\n");
        check(Protocol::Resp3, Encoder::null, "_\r\n");
        check(Protocol::Resp3, Encoder::null_array, "_\r\n");
    }

    #[test]
    fn an_error_stays_on_one_line() {
        check(Protocol::Resp2, |out| out.error("ERR a\r\nb"), "-ERR a  b\r\n");
    }

    #[test]
    fn set_range_encodes_as_the_general_request_does() {
        for offset in [0_u64, 7, 10, 99_999, 377_880] {
            let (mut by_hand, mut general) = (RequestBuffer::default(), RequestBuffer::default());
            by_hand.push_set_range(b"w", offset, 3, |payload| payload.copy_from_slice(b"xyz"));
            general.push(&[b"SETRANGE", b"w", offset.to_string().as_bytes(), b"xyz"]);
            assert_eq!(by_hand.as_bytes(), general.as_bytes());
        }
    }
}

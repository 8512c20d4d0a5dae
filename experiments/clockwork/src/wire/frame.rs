//! A message on the wire: a head of six numbers, a header and a body (`network/` of
//! the original).

use std::io::{self, ErrorKind, Read};

use crate::time::Nanos;

/// The longest header, in bytes.
pub const MAX_HEADER: usize = 10 << 20;

/// The longest body, in bytes: far more than the largest batch's inputs.
pub const MAX_BODY: usize = 256 << 20;

/// What every message begins with: six little-endian numbers of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What the message is.
    pub code: u64,
    /// The sender's number for it; a reply has that of what it replies to.
    pub id: u64,
    /// When it was sent, on the sender's clock.
    pub sent: Nanos,
    /// The least time that any of the receiver's recent messages seemed to take, by
    /// the difference of both clocks; nothing if none has come.
    pub least_delta: Option<i64>,
}

/// A message as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it begins with.
    pub head: Head,
    /// The protobuf message.
    pub header: Vec<u8>,
    /// Inputs or outputs.
    pub body: Vec<u8>,
}

/// Why messages can no longer be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The sender is no process of this system, or of another version.
    #[error("what came is no message of this system: {0}")]
    Malformed(String),
}

const HEAD_BYTES: usize = 48;

/// Stands for [`Head::least_delta`] that is not known yet.
const UNKNOWN_DELTA: i64 = i64::MAX;

/// Appends a message. `encode` appends its header.
pub fn write_frame(head: &Head, encode: impl FnOnce(&mut Vec<u8>), body: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    out.resize(begin + HEAD_BYTES, 0);
    encode(out);
    let header_bytes = (out.len() - begin - HEAD_BYTES) as u64;
    let delta = head.least_delta.unwrap_or(UNKNOWN_DELTA);
    let numbers =
        [header_bytes, body.len() as u64, head.code, head.id, head.sent, delta.cast_unsigned()];
    for (index, number) in numbers.iter().enumerate() {
        let at = begin + 8 * index;
        out[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(body);
}

/// Reads a message; nothing if the connection was closed between two.
///
/// # Errors
/// If it breaks, ends within a message, or a length makes no sense.
pub fn read_frame(reader: &mut impl Read) -> Result<Option<Frame>, WireError> {
    let mut bytes = [0; HEAD_BYTES];
    if !read_first(reader, &mut bytes)? {
        return Ok(None);
    }
    let number = |index: usize| {
        u64::from_le_bytes(bytes[8 * index..][..8].try_into().expect("eight bytes are eight"))
    };
    let delta = number(5).cast_signed();
    let head = Head {
        code: number(2),
        id: number(3),
        sent: number(4),
        least_delta: (delta != UNKNOWN_DELTA).then_some(delta),
    };
    let header = read_part(reader, number(0), MAX_HEADER)?;
    let body = read_part(reader, number(1), MAX_BODY)?;
    Ok(Some(Frame { head, header, body }))
}

/// Fills `bytes`; false if the connection was closed before the first.
fn read_first(reader: &mut impl Read, bytes: &mut [u8]) -> Result<bool, WireError> {
    let mut n_read = 0;
    while n_read < bytes.len() {
        match reader.read(&mut bytes[n_read..]) {
            Ok(0) if n_read == 0 => return Ok(false),
            Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(n_more) => n_read += n_more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn read_part(reader: &mut impl Read, n_bytes: u64, limit: usize) -> Result<Vec<u8>, WireError> {
    if n_bytes > limit as u64 {
        return Err(WireError::Malformed(format!(
            "a part of {n_bytes} bytes, where {limit} are the most"
        )));
    }
    let mut part = vec![0; n_bytes as usize];
    reader.read_exact(&mut part)?;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head { code: 2, id: 7, sent: 1_000, least_delta: Some(-5) };

    fn written(head: &Head) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_frame(head, |out| out.extend_from_slice(b"header"), b"body", &mut bytes);
        bytes
    }

    #[test]
    fn a_message_begins_with_six_numbers() {
        let bytes = written(&HEAD);
        let numbers: Vec<_> = bytes[..48].chunks(8).map(|number| number[0]).collect();
        assert_eq!(numbers, [6, 4, 2, 7, 0xe8, 0xfb]);
        assert_eq!(&bytes[48..], b"headerbody");
    }

    #[test]
    fn what_is_written_is_read() {
        for head in [HEAD, Head { least_delta: None, ..HEAD }] {
            let bytes = [written(&head), written(&head)].concat();
            let mut reader = bytes.as_slice();
            for _ in 0..2 {
                let frame = read_frame(&mut reader).unwrap().unwrap();
                assert_eq!(frame, Frame { head, header: b"header".into(), body: b"body".into() });
            }
            assert!(read_frame(&mut reader).unwrap().is_none());
        }
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error_wherever_it_is() {
        let bytes = written(&HEAD);
        for n_bytes in 1..bytes.len() {
            let cut = read_frame(&mut &bytes[..n_bytes]);
            assert!(matches!(cut, Err(WireError::Io(_))), "{n_bytes} bytes");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_before_memory_is_taken_for_it() {
        let text = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n";
        let error = read_frame(&mut &text[..]).unwrap_err().to_string();
        assert_eq!(
            error,
            "what came is no message of this system: a part of 6073139484287059271 bytes, \
             where 10485760 are the most"
        );
    }
}

//! The bytes of a connection: requests that arrived, replies to be sent.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{
    resp::{Args, Decoded, Encoder, MAX_REQUEST_BYTES, Protocol, ProtocolError, RequestDecoder},
    spares::Spares,
};

/// How much is read at least at once.
const READ_BYTES: usize = 64 * 1024;

/// Nothing more is read when so many bytes of requests wait to be run.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Requests wait when so many bytes of replies are unsent: a client that never
/// reads does not fill our memory.
const MAX_UNSENT_BYTES: usize = 256 * 1024 * 1024;

/// Requests as they arrive.
pub(super) struct Input {
    bytes: Vec<u8>,
    // Where the current request begins, and its length once it is whole.
    start: usize,
    len_bytes: usize,
    n_missing: usize,
    decoder: RequestDecoder,
    spares: Spares,
}

impl Input {
    pub(super) fn new(spares: Spares) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            len_bytes: 0,
            n_missing: 0,
            decoder: RequestDecoder::default(),
            spares,
        }
    }

    /// Reads what has arrived; 0 is the end of the stream.
    pub(super) async fn receive(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<usize> {
        self.make_room();
        reader.read_buf(&mut self.bytes).await
    }

    /// Whether the current request is whole.
    pub(super) fn decode(&mut self) -> Result<bool, ProtocolError> {
        let unread = &self.bytes[self.start..];
        match self.decoder.decode(unread)? {
            Decoded::Complete { len_bytes } => {
                self.len_bytes = len_bytes;
                Ok(true)
            }
            Decoded::Incomplete { n_missing } if unread.len() + n_missing > MAX_REQUEST_BYTES => {
                Err(ProtocolError("too big request".to_owned()))
            }
            Decoded::Incomplete { n_missing } => {
                self.n_missing = n_missing;
                Ok(false)
            }
        }
    }

    /// The current request, which is whole.
    pub(super) fn args(&self) -> Args<'_> {
        self.decoder.args(&self.bytes[self.start..])
    }

    pub(super) fn next_request(&mut self) {
        self.start += self.len_bytes;
        (self.len_bytes, self.n_missing) = (0, 0);
        self.decoder.reset();
    }

    /// Whether more may be read while requests wait.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() - self.start < MAX_WAITING_BYTES
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            // What remains is less than one request, or waits for a client that
            // does not read; it moves once.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        if self.bytes.is_empty() {
            self.spares.release(&mut self.bytes);
        }
        self.spares.make_room(&mut self.bytes, self.n_missing);
        // An announced length is only believed in steps: memory at most
        // doubles what has arrived.
        let most = self.bytes.len().max(READ_BYTES);
        let n_spare = self.bytes.capacity() - self.bytes.len();
        if n_spare < self.n_missing.clamp(READ_BYTES / 4, most) {
            self.bytes.reserve_exact(self.n_missing.clamp(READ_BYTES, most));
        }
    }
}

/// Replies as they are encoded, and how many of their bytes are sent.
pub(super) struct Output {
    pub(super) encoder: Encoder,
    n_sent: usize,
}

impl Output {
    pub(super) fn new(spares: Spares) -> Self {
        Self { encoder: Encoder { spares, ..Encoder::new(Protocol::Resp2) }, n_sent: 0 }
    }

    /// Makes ready for more replies: those that keep coming must not pile up
    /// behind what was sent.
    pub(super) fn drop_sent(&mut self) {
        if self.n_sent > self.encoder.bytes.len() / 2 {
            self.encoder.bytes.drain(..self.n_sent);
            self.n_sent = 0;
        }
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.n_sent < self.encoder.bytes.len()
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.encoder.bytes[self.n_sent..]
    }

    /// Whether more replies may be encoded.
    pub(super) fn has_room(&self) -> bool {
        self.unsent().len() < MAX_UNSENT_BYTES
    }

    /// Notes that `n_bytes` were sent.
    pub(super) fn advance(&mut self, n_bytes: usize) -> io::Result<()> {
        if n_bytes == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.n_sent += n_bytes;
        if !self.has_unsent() {
            self.encoder.bytes.clear();
            self.encoder.spares.release(&mut self.encoder.bytes);
            self.n_sent = 0;
        }
        Ok(())
    }
}

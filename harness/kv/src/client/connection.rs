//! One connection: requests out, replies in.

use std::{
    io::{self, IoSlice, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use node::{Meter, Metered};
use rustix::event::{PollFd, PollFlags, poll};

use super::{Error, Pipeline, Result, error::describe, expect};
use crate::resp::{DecodeError, Header, Reply, ReplyReader, RequestBuffer};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Payloads from this size on are sent from where they are, not copied first.
const LARGE_BYTES: usize = 32 * 1024;

/// What is sent at a time of a payload that does not lie in one piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Memory that the buffer of requests keeps between operations.
const KEEP_BYTES: usize = 4 * 1024 * 1024;

/// A blocking connection to a server that speaks the Redis protocol.
///
/// After [`Error::Io`] or [`Error::Protocol`] the connection is out of step
/// with the server and refuses further work; the other errors leave it intact.
#[derive(Debug)]
pub struct Client {
    pub(super) address: SocketAddr,
    stream: Metered<TcpStream>,
    replies: ReplyReader,
    pub(super) requests: RequestBuffer,
    // True from the first byte of a request to the last byte of its reply: if
    // it stays true (an error, a panic in a sink), the next reply is not ours.
    in_flight: bool,
}

impl Client {
    /// Connects; what is sent and received counts in `meter`.
    ///
    /// # Errors
    /// If nothing listens there.
    pub fn connect(address: SocketAddr, meter: &Arc<Meter>) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|source| Error::Io { doing: "connect".to_owned(), address, source })?;
        Ok(Self {
            address,
            stream: meter.wrap(stream),
            replies: ReplyReader::new(),
            requests: RequestBuffer::default(),
            in_flight: false,
        })
    }

    /// The server's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Limits how long an operation waits for its reply; without a limit it
    /// waits until the server answers or the connection breaks. A blocking
    /// command needs a limit longer than its own timeout.
    ///
    /// # Errors
    /// If `limit` is zero.
    pub fn set_reply_timeout(&mut self, limit: Option<Duration>) -> Result<()> {
        self.stream.get_ref().set_read_timeout(limit).map_err(|source| Error::Io {
            doing: "set the reply timeout".to_owned(),
            address: self.address,
            source,
        })
    }

    /// Whether the connection can be used.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.in_flight
    }

    /// Sends any command and answers its reply; the way to what has no method.
    ///
    /// # Errors
    /// If the connection breaks, or the server refuses the command.
    pub fn command(&mut self, args: &[&[u8]]) -> Result<Reply> {
        self.begin(args)?;
        self.requests.push(args);
        self.send(args, None)?;
        self.finish(args)
    }

    /// Begins a pipeline: many commands in one round trip.
    pub fn pipeline(&mut self) -> Pipeline<'_> {
        self.requests.clear(KEEP_BYTES);
        Pipeline::new(self)
    }

    /// Like [`Client::command`] with one more argument, `payload`, which is
    /// not copied when it is large.
    pub(super) fn command_with(&mut self, args: &[&[u8]], payload: &[u8]) -> Result<Reply> {
        self.begin(args)?;
        self.requests.push_open(args, payload.len());
        self.send(args, Some(payload))?;
        self.finish(args)
    }

    /// Like [`Client::command_with`], with a payload that `read` hands out in
    /// pieces, from first to last.
    pub(super) fn command_from(
        &mut self,
        args: &[&[u8]],
        len_bytes: usize,
        read: &mut dyn FnMut(usize, &mut [u8]),
    ) -> Result<Reply> {
        self.begin(args)?;
        self.requests.push_open(args, len_bytes);
        self.send_pieces(len_bytes, read).map_err(|source| self.sending(source, args))?;
        self.finish(args)
    }

    /// Sends a command that answers a string, and streams the string to `sink`.
    pub(super) fn stream_bulk(
        &mut self,
        args: &[&[u8]],
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Option<u64>> {
        self.begin(args)?;
        self.requests.push(args);
        self.send(args, None)?;
        self.receive_bulk(args, sink)
    }

    /// Streams the next reply, a string, to `sink`.
    pub(super) fn receive_bulk(
        &mut self,
        args: &[&[u8]],
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Option<u64>> {
        let header = self.replies.read_header(&mut self.stream);
        let len_bytes = match header.map_err(|error| self.decoding(error, args))? {
            Header::Bulk(len_bytes) => len_bytes,
            Header::Other(reply) => {
                self.in_flight = false;
                return match reply {
                    Reply::Null => Ok(None),
                    Reply::Error(text) => Err(Error::refused(text, describe(args.iter()))),
                    other => Err(expect::unexpected(&other, describe(args.iter()))),
                };
            }
        };
        self.replies
            .payload_into(&mut self.stream, len_bytes, sink)
            .map_err(|error| self.decoding(error, args))?;
        self.in_flight = false;
        Ok(Some(len_bytes as u64))
    }

    /// Sends the buffered requests while it takes in replies: with both sides'
    /// socket buffers full, a sender that does not read would wait for ever.
    pub(super) fn exchange(&mut self, doing: impl Fn() -> String) -> Result<()> {
        self.mark_in_flight(&doing)?;
        let result = self
            .stream
            .get_ref()
            .set_nonblocking(true)
            .and_then(|()| self.send_and_receive())
            .and_then(|()| self.stream.get_ref().set_nonblocking(false));
        result.map_err(|source| Error::Io { doing: doing(), address: self.address, source })
    }

    /// Reads the next reply of a pipeline, errors included.
    pub(super) fn next_reply(&mut self) -> std::result::Result<Reply, DecodeError> {
        self.replies.read(&mut self.stream)
    }

    pub(super) fn clear_requests(&mut self) {
        self.requests.clear(KEEP_BYTES);
    }

    /// Says that every reply of a pipeline was read.
    pub(super) fn all_received(&mut self) {
        self.in_flight = false;
    }

    fn begin(&mut self, args: &[&[u8]]) -> Result<()> {
        self.mark_in_flight(|| describe(args.iter()))?;
        self.requests.clear(KEEP_BYTES);
        Ok(())
    }

    fn mark_in_flight(&mut self, doing: impl FnOnce() -> String) -> Result<()> {
        if self.in_flight {
            let source = io::Error::new(
                io::ErrorKind::NotConnected,
                "an earlier operation on this connection failed (hint: connect again)",
            );
            return Err(Error::Io { doing: doing(), address: self.address, source });
        }
        self.in_flight = true;
        Ok(())
    }

    /// Sends the buffered request, and the payload that completes it if it was
    /// left open.
    fn send(&mut self, args: &[&[u8]], payload: Option<&[u8]>) -> Result<()> {
        let result = match payload {
            Some(payload) => self.send_with_payload(payload),
            None => self.stream.write_all(self.requests.as_bytes()),
        };
        result.map_err(|source| self.sending(source, args))
    }

    fn sending(&self, source: io::Error, args: &[&[u8]]) -> Error {
        Error::Io { doing: describe(args.iter()), address: self.address, source }
    }

    fn send_pieces(
        &mut self,
        len_bytes: usize,
        read: &mut dyn FnMut(usize, &mut [u8]),
    ) -> io::Result<()> {
        let mut piece = vec![0; len_bytes.min(PIECE_BYTES)];
        if len_bytes < LARGE_BYTES {
            read(0, &mut piece);
            self.requests.close(&piece);
            return self.stream.write_all(self.requests.as_bytes());
        }
        self.stream.write_all(self.requests.as_bytes())?;
        for offset in (0..len_bytes).step_by(PIECE_BYTES) {
            let piece = &mut piece[..PIECE_BYTES.min(len_bytes - offset)];
            read(offset, piece);
            self.stream.write_all(piece)?;
        }
        self.stream.write_all(b"\r\n")
    }

    fn send_with_payload(&mut self, payload: &[u8]) -> io::Result<()> {
        if payload.len() < LARGE_BYTES {
            self.requests.close(payload);
            return self.stream.write_all(self.requests.as_bytes());
        }
        let mut slices =
            [IoSlice::new(self.requests.as_bytes()), IoSlice::new(payload), IoSlice::new(b"\r\n")];
        let mut unsent = &mut slices[..];
        while !unsent.is_empty() {
            match self.stream.write_vectored(unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n_bytes) => IoSlice::advance_slices(&mut unsent, n_bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn finish(&mut self, args: &[&[u8]]) -> Result<Reply> {
        let reply = self.replies.read(&mut self.stream);
        let reply = reply.map_err(|error| self.decoding(error, args))?;
        self.in_flight = false;
        match reply {
            Reply::Error(text) => Err(Error::refused(text, describe(args.iter()))),
            reply => Ok(reply),
        }
    }

    fn send_and_receive(&mut self) -> io::Result<()> {
        let mut unsent = self.requests.as_bytes();
        while !unsent.is_empty() {
            match self.stream.write(unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n_bytes) => unsent = &unsent[n_bytes..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let socket = self.stream.get_ref();
                    let mut events = [PollFd::new(socket, PollFlags::IN | PollFlags::OUT)];
                    match poll(&mut events, None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                    if events[0].revents().contains(PollFlags::IN) {
                        self.replies.fill(&mut self.stream)?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn decoding(&self, error: DecodeError, args: &[&[u8]]) -> Error {
        Error::decoding(error, describe(args.iter()), self.address)
    }
}

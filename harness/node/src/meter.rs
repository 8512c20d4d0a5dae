//! Network bytes, counted where they are sent and received.
//!
//! Loopback traffic never reaches a network card whose counters one could
//! read, and a card's counters mix processes. So every socket that a role
//! opens is wrapped, and the role's own total is exact.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The running totals of one process (or of one part of it).
#[derive(Debug, Default)]
pub struct Meter {
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
}

/// A reading of a [`Meter`]: payload bytes of sockets, without packet headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkBytes {
    /// Bytes written to sockets.
    pub sent_bytes: u64,
    /// Bytes read from sockets.
    pub received_bytes: u64,
}

impl Meter {
    /// A meter at zero, to be shared by all sockets of a process.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        Arc::default()
    }

    /// Wraps a blocking or asynchronous stream so that its traffic counts here.
    pub fn wrap<S>(self: &Arc<Self>, stream: S) -> Metered<S> {
        Metered { stream, meter: Arc::clone(self) }
    }

    /// The totals so far.
    #[must_use]
    pub fn read(&self) -> NetworkBytes {
        NetworkBytes {
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
            received_bytes: self.received_bytes.load(Ordering::Relaxed),
        }
    }

    fn sent(&self, n_bytes: usize) {
        self.sent_bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    fn received(&self, n_bytes: usize) {
        self.received_bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }
}

/// A stream whose bytes are counted by a [`Meter`].
#[derive(Debug)]
pub struct Metered<S> {
    stream: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    /// The stream underneath, for socket options.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: io::Read> io::Read for Metered<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.stream.read(buffer)?;
        self.meter.received(n_bytes);
        Ok(n_bytes)
    }
}

impl<S: io::Write> io::Write for Metered<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n_bytes = self.stream.write(buffer)?;
        self.meter.sent(n_bytes);
        Ok(n_bytes)
    }

    fn write_vectored(&mut self, buffers: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let n_bytes = self.stream.write_vectored(buffers)?;
        self.meter.sent(n_bytes);
        Ok(n_bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.meter.received(buffer.filled().len() - before);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, buffer);
        if let Poll::Ready(Ok(n_bytes)) = polled {
            self.meter.sent(n_bytes);
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        if let Poll::Ready(Ok(n_bytes)) = polled {
            self.meter.sent(n_bytes);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn counts_what_passes_in_each_direction() {
        let meter = Meter::shared();
        meter.wrap(Vec::new()).write_all(b"hello").unwrap();
        let mut text = String::new();
        meter.wrap(&b"goodbye"[..]).read_to_string(&mut text).unwrap();
        assert_eq!(meter.read(), NetworkBytes { sent_bytes: 5, received_bytes: 7 });
    }

    #[tokio::test]
    async fn an_asynchronous_stream_counts_as_a_blocking_one() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let meter = Meter::shared();
        let (here, mut there) = tokio::io::duplex(64);
        let mut here = meter.wrap(here);
        here.write_all(b"hello").await.unwrap();
        there.write_all(b"goodbye").await.unwrap();
        here.read_exact(&mut [0; 7]).await.unwrap();
        assert_eq!(meter.read(), NetworkBytes { sent_bytes: 5, received_bytes: 7 });
    }
}

//! A line that passes bytes on in order, each after the same delay.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc::{self, Receiver, Sender},
    time::{Instant, sleep_until},
};

/// Read at once.
const PIECE_BYTES: usize = 16 << 10;

/// Pieces that may be on the way: 64 MiB in full ones, as much as a link of
/// 5 Gbit/s holds at a delay of 100 ms. Then the sender has to wait.
const N_PIECES: usize = 4096;

/// The delay of all lines; it may change while they run.
#[derive(Debug, Clone, Default)]
pub(super) struct Delay(Arc<AtomicU64>);

impl Delay {
    pub(super) fn set(&self, delay_us: u64) {
        self.0.store(delay_us, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// What was read, and when it is due; nothing at the end.
type Piece = (Instant, Vec<u8>);

/// Passes on everything until the end, which is delayed like the rest.
pub(super) async fn pass(
    from: impl AsyncRead,
    to: impl AsyncWrite,
    delay: &Delay,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel(N_PIECES);
    tokio::try_join!(take_in(from, sender, delay), give_out(receiver, to))?;
    Ok(())
}

async fn take_in(from: impl AsyncRead, pieces: Sender<Piece>, delay: &Delay) -> io::Result<()> {
    let mut from = pin!(from);
    loop {
        let mut bytes = Vec::with_capacity(PIECE_BYTES);
        let n_bytes = from.read_buf(&mut bytes).await?;
        // The other half is gone only with an error of its own.
        if pieces.send((Instant::now() + delay.get(), bytes)).await.is_err() || n_bytes == 0 {
            return Ok(());
        }
    }
}

async fn give_out(mut pieces: Receiver<Piece>, to: impl AsyncWrite) -> io::Result<()> {
    let mut to = pin!(to);
    while let Some((due, bytes)) = pieces.recv().await {
        sleep_until(due).await;
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(&bytes).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(delay: Duration, sent: &[u8]) -> (Vec<u8>, Duration) {
        let line = Delay::default();
        line.set(delay.as_micros() as u64);
        let began = Instant::now();
        let mut received = Vec::new();
        pass(sent, &mut received, &line).await.unwrap();
        (received, began.elapsed())
    }

    #[tokio::test]
    async fn every_byte_comes_in_order_and_none_before_the_delay() {
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let delay = Duration::from_millis(40);
        let (received, took) = passed(delay, &sent).await;
        assert_eq!(received, sent);
        assert!(took >= delay, "the first came after {took:?}");
    }

    #[tokio::test]
    async fn an_end_without_bytes_is_passed_on_too() {
        let (received, _) = passed(Duration::ZERO, b"").await;
        assert!(received.is_empty());
    }
}

//! Bytes that one thread writes, as the body of a request that another sends,
//! with no more than a few pieces in memory.

use std::io::{self, BufWriter, Write};

use futures_util::{Stream, stream};
use tokio::{
    sync::mpsc::{self, Sender},
    task::JoinHandle,
};

/// The size of one piece.
const PIECE_BYTES: usize = 1 << 20;

/// How many pieces may wait to be sent.
const N_WAITING_MAX: usize = 4;

type Piece = io::Result<Vec<u8>>;

/// Runs `write` on a thread of its own; what it writes is the stream. If it
/// fails, so does the stream, and the handle says why.
pub(crate) fn written_by(
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()> + Send + 'static,
) -> (impl Stream<Item = Piece> + Send + 'static, JoinHandle<anyhow::Result<()>>) {
    let (sender, mut receiver) = mpsc::channel::<Piece>(N_WAITING_MAX);
    let writing = tokio::task::spawn_blocking(move || {
        let mut pieces = BufWriter::with_capacity(PIECE_BYTES, Pieces(sender));
        let outcome = write(&mut pieces).and_then(|()| Ok(pieces.flush()?));
        if let Err(error) = &outcome {
            let text = format!("{error:#}");
            // Nobody may listen any more; then nobody needs to know.
            let _ = pieces.get_ref().0.blocking_send(Err(io::Error::other(text)));
        }
        // What an unfinished archive still holds must not follow the error.
        let _ = pieces.into_parts();
        outcome
    });
    (stream::poll_fn(move |context| receiver.poll_recv(context)), writing)
}

/// Whether writing failed only because nobody read on.
pub(crate) fn is_hang_up(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

struct Pieces(Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_written_arrives_in_pieces() {
        let text: Vec<u8> = (0..PIECE_BYTES * 3 + 5).map(|i| (i % 251) as u8).collect();
        let copy = text.clone();
        let (stream, writing) = written_by(move |into| Ok(into.write_all(&copy[..])?));
        let pieces: Vec<_> = stream.map(Result::unwrap).collect().await;
        writing.await.unwrap().unwrap();
        assert_eq!(pieces.concat(), text);
    }

    #[tokio::test]
    async fn many_small_writes_are_few_pieces() {
        let (stream, writing) = written_by(|into| {
            (0..1000).try_for_each(|_| into.write_all(b"0123456789"))?;
            Ok(())
        });
        assert_eq!(stream.count().await, 1);
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_failure_to_write_ends_the_stream_with_it() {
        let (stream, writing) = written_by(|into| {
            into.write_all(b"half")?;
            anyhow::bail!("the disk is gone")
        });
        let pieces: Vec<_> = stream.collect().await;
        let last = pieces.last().unwrap().as_ref().unwrap_err().to_string();
        assert_eq!((pieces.len(), last.as_str()), (1, "the disk is gone"));
        assert!(!is_hang_up(&writing.await.unwrap().unwrap_err()));
    }

    #[tokio::test]
    async fn a_reader_who_hangs_up_stops_the_writer() {
        let (stream, writing) = written_by(|into| {
            let piece = vec![0; PIECE_BYTES];
            loop {
                into.write_all(&piece[..])?;
            }
        });
        drop(stream);
        assert!(is_hang_up(&writing.await.unwrap().unwrap_err()));
    }
}

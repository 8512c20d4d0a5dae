//! What a connection still has to send. Nobody waits for a peer that does not read.

use std::{
    collections::VecDeque,
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use rustix::{
    io::Errno,
    net::{SendFlags, send},
};

use super::{Clock, clock::spawn};
use crate::time::Nanos;

/// What a peer may leave unread before it counts as gone, in bytes.
const LIMIT_BYTES: usize = 256 << 20;

/// Told of messages that were not sent in time, by their numbers.
pub(super) type OnLate = Box<dyn Fn(u64) + Send + Sync>;

/// Messages on their way to a peer. They are collected until [`Outbox::flush`], which
/// gives the kernel what it takes at once. Only if it does not take all, a thread waits
/// for the peer.
pub(super) struct Outbox {
    stream: TcpStream,
    clock: Clock,
    state: Mutex<State>,
    has_parcels: Condvar,
    on_late: OnLate,
}

#[derive(Default)]
struct State {
    /// What the next flush sends.
    collected: Vec<u8>,
    /// What the thread sends, while the peer is slow.
    parcels: VecDeque<Parcel>,
    n_parcel_bytes: usize,
    is_slow: bool,
    is_closed: bool,
}

struct Parcel {
    bytes: Vec<u8>,
    deadline: Option<Deadline>,
}

/// When a message must leave at the latest, and its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) send_by: Nanos,
    pub(super) id: u64,
}

impl Outbox {
    pub(super) fn new(stream: TcpStream, clock: Clock, on_late: OnLate) -> Arc<Self> {
        let outbox = Arc::new(Self {
            stream,
            clock,
            state: Mutex::default(),
            has_parcels: Condvar::new(),
            on_late,
        });
        let carrier = Arc::clone(&outbox);
        spawn("outbox", move || carrier.carry());
        outbox
    }

    /// Adds a message, which `write` appends. What is late by now is not sent.
    pub(super) fn post(&self, deadline: Option<Deadline>, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(Deadline { id, .. }) = deadline.filter(|deadline| self.is_past(deadline)) {
            return (self.on_late)(id);
        }
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if !state.is_slow {
            return write(&mut state.collected);
        }
        let mut bytes = Vec::new();
        write(&mut bytes);
        state.push(Parcel { bytes, deadline });
        if state.n_parcel_bytes > LIMIT_BYTES {
            self.close_locked(&mut state);
        }
    }

    /// Sends what was collected, as far as that goes without waiting.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        if state.collected.is_empty() {
            return;
        }
        let mut collected = std::mem::take(&mut state.collected);
        let n_sent = self.send_at_once(&collected, &mut state);
        if n_sent < collected.len() && !state.is_closed {
            state.is_slow = true;
            state.push(Parcel { bytes: collected.split_off(n_sent), deadline: None });
            self.has_parcels.notify_one();
        }
        collected.clear();
        state.collected = collected;
    }

    /// Breaks the connection: its reader sees the end, and nothing is sent any more.
    pub(super) fn close(&self) {
        self.close_locked(&mut self.lock());
    }

    fn close_locked(&self, state: &mut State) {
        state.is_closed = true;
        state.parcels.clear();
        state.collected.clear();
        // It fails if the peer has broken it already.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.has_parcels.notify_one();
    }

    fn send_at_once(&self, bytes: &[u8], state: &mut State) -> usize {
        let mut n_sent = 0;
        while n_sent < bytes.len() {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match send(&self.stream, &bytes[n_sent..], flags) {
                Ok(n_more) => n_sent += n_more,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    self.close_locked(state);
                    break;
                }
            }
        }
        n_sent
    }

    /// Sends parcels, until the connection is closed.
    fn carry(&self) {
        loop {
            let mut state = self.lock();
            while state.parcels.is_empty() && !state.is_closed {
                state.is_slow = false;
                state = self.has_parcels.wait(state).expect("no holder panics");
            }
            let Some(parcel) = state.parcels.pop_front() else { return };
            state.n_parcel_bytes -= parcel.bytes.len();
            drop(state);
            match parcel.deadline.filter(|deadline| self.is_past(deadline)) {
                Some(Deadline { id, .. }) => (self.on_late)(id),
                None => {
                    if std::io::Write::write_all(&mut &self.stream, &parcel.bytes).is_err() {
                        self.close();
                    }
                }
            }
        }
    }

    fn is_past(&self, deadline: &Deadline) -> bool {
        deadline.send_by < self.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl State {
    fn push(&mut self, parcel: Parcel) {
        self.n_parcel_bytes += parcel.bytes.len();
        self.parcels.push_back(parcel);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{ErrorKind, Read as _},
        net::TcpListener,
        sync::mpsc::{Receiver, channel},
    };

    use super::*;
    use crate::time::{MILLISECOND, SECOND};

    fn connected() -> (Arc<Outbox>, TcpStream, Receiver<u64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let (late, lates) = channel();
        let on_late = Box::new(move |id| late.send(id).unwrap());
        (Outbox::new(stream, Clock::of_day(), on_late), peer, lates)
    }

    fn deadline(send_by: Nanos, id: u64) -> Option<Deadline> {
        Some(Deadline { send_by, id })
    }

    fn read_to_end(mut peer: TcpStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        match peer.read_to_end(&mut bytes) {
            Ok(_) => bytes,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn what_is_flushed_is_sent_and_what_is_late_is_not() {
        let (outbox, mut peer, lates) = connected();
        outbox.post(None, |out| out.extend_from_slice(b"one "));
        outbox.post(deadline(1, 7), |out| out.extend_from_slice(b"late "));
        outbox.post(deadline(Nanos::MAX, 8), |out| out.extend_from_slice(b"two"));
        outbox.flush();
        let mut bytes = [0; 7];
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!((&bytes, lates.try_iter().collect()), (b"one two", vec![7]));
    }

    #[test]
    fn what_waits_too_long_for_a_slow_peer_is_not_sent() {
        let (outbox, peer, lates) = connected();
        let large = vec![b'x'; 16 << 20];
        outbox.post(None, |out| out.extend_from_slice(&large));
        outbox.flush();
        let now = Clock::of_day().now();
        outbox.post(deadline(now + 50 * MILLISECOND, 7), |out| out.extend_from_slice(b"late"));
        outbox.post(deadline(now + 3_600 * SECOND, 8), |out| out.extend_from_slice(b"end"));
        std::thread::sleep(std::time::Duration::from_millis(100));
        let reader = std::thread::spawn(move || read_to_end(peer));
        assert_eq!(lates.recv().unwrap(), 7);
        // The end is sent after the late one was passed over.
        while !outbox.lock().parcels.is_empty() || outbox.lock().is_slow {
            std::thread::yield_now();
        }
        outbox.close();
        let bytes = reader.join().unwrap();
        assert_eq!((bytes.len(), &bytes[bytes.len() - 3..]), (large.len() + 3, &b"end"[..]));
    }

    #[test]
    fn a_peer_that_never_reads_is_given_up() {
        let (outbox, peer, _lates) = connected();
        let large = vec![0; 64 << 20];
        for _ in 0..6 {
            outbox.post(None, |out| out.extend_from_slice(&large));
            outbox.flush();
        }
        assert!(outbox.lock().is_closed);
        assert!(read_to_end(peer).len() < 7 << 26);
    }
}

//! What a connection still has to send. Nobody waits for a peer that does not read.

use std::{
    collections::VecDeque,
    io,
    net::{Shutdown, TcpStream},
    ops::Range,
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

/// Where a message's head has [`Head::sent`](crate::wire::Head::sent), a little-endian
/// number.
const SENT_AT: Range<usize> = 32..40;

/// Told of messages that were not sent in time, by their numbers.
pub(super) type OnLate = Box<dyn Fn(u64) + Send + Sync>;

/// Messages on their way to a peer. They are collected until [`Outbox::flush`], which
/// gives the kernel what it takes at once. Only if it does not take all, a thread waits
/// for the peer, and each message that is left goes by itself, unless it is late by then.
pub(super) struct Outbox {
    stream: TcpStream,
    clock: Clock,
    state: Mutex<State>,
    has_parcels: Condvar,
    /// The thread has sent all, or never will.
    has_ended: Condvar,
    on_late: OnLate,
}

#[derive(Default)]
struct State {
    /// What the next flush sends.
    collected: Collected,
    /// What the thread sends, while the peer is slow.
    parcels: VecDeque<Parcel>,
    n_parcel_bytes: usize,
    is_slow: bool,
    is_closed: bool,
}

/// Messages one after the other, so that one call sends them all.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    messages: Vec<(Range<usize>, Option<Deadline>)>,
}

/// A message, or what is left of it.
struct Parcel {
    bytes: Vec<u8>,
    deadline: Option<Deadline>,
    /// The peer has its first bytes.
    is_begun: bool,
}

/// When a message must leave at the latest, and its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    pub(super) send_by: Nanos,
    pub(super) id: u64,
}

impl Outbox {
    /// Nothing to send yet.
    ///
    /// # Errors
    /// If the system lets us have no more threads.
    pub(super) fn new(stream: TcpStream, clock: Clock, on_late: OnLate) -> io::Result<Arc<Self>> {
        let outbox = Arc::new(Self {
            stream,
            clock,
            state: Mutex::default(),
            has_parcels: Condvar::new(),
            has_ended: Condvar::new(),
            on_late,
        });
        let carrier = Arc::clone(&outbox);
        spawn("outbox", move || carrier.carry())?;
        Ok(outbox)
    }

    /// Adds a message, which `write` appends; when it is sent is written into its head. What
    /// is late by now is not sent.
    pub(super) fn post(&self, deadline: Option<Deadline>, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(late) = deadline.filter(|deadline| deadline.send_by < self.clock.now()) {
            return (self.on_late)(late.id);
        }
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if !state.is_slow {
            return state.collected.add(deadline, write);
        }
        let mut bytes = Vec::new();
        write(&mut bytes);
        state.push(Parcel { bytes, deadline, is_begun: false });
        if state.n_parcel_bytes > LIMIT_BYTES {
            self.close_locked(&mut state);
        }
    }

    /// Sends what was collected, as far as that goes without waiting.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        if state.collected.bytes.is_empty() {
            return;
        }
        let mut collected = std::mem::take(&mut state.collected);
        collected.stamp(self.clock.now());
        let n_sent = self.send_at_once(&collected.bytes, &mut state);
        if n_sent < collected.bytes.len() && !state.is_closed {
            state.is_slow = true;
            collected.parcels_after(n_sent).for_each(|parcel| state.push(parcel));
            self.has_parcels.notify_one();
        }
        collected.clear();
        state.collected = collected;
    }

    /// Waits until all that was flushed is sent or the connection is closed, at most until
    /// then.
    pub(super) fn drain(&self, until: Nanos) {
        let mut state = self.lock();
        while state.is_slow && !state.is_closed {
            let left = self.clock.until(until);
            if left.is_zero() {
                return;
            }
            (state, _) = self.has_ended.wait_timeout(state, left).expect("no holder panics");
        }
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
        self.has_ended.notify_all();
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
                self.has_ended.notify_all();
                state = self.has_parcels.wait(state).expect("no holder panics");
            }
            let Some(parcel) = state.parcels.pop_front() else { return };
            state.n_parcel_bytes -= parcel.bytes.len();
            drop(state);
            self.send_waiting(parcel);
        }
    }

    /// Sends a parcel if it is not late, however long the peer takes.
    fn send_waiting(&self, mut parcel: Parcel) {
        let now = self.clock.now();
        if let Some(late) = parcel.deadline.filter(|deadline| deadline.send_by < now) {
            return (self.on_late)(late.id);
        }
        if !parcel.is_begun {
            stamp(&mut parcel.bytes, now);
        }
        if io::Write::write_all(&mut &self.stream, &parcel.bytes).is_err() {
            self.close();
        }
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

impl Collected {
    fn add(&mut self, deadline: Option<Deadline>, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.bytes.len();
        write(&mut self.bytes);
        self.messages.push((begin..self.bytes.len(), deadline));
    }

    fn stamp(&mut self, now: Nanos) {
        for (range, _) in &self.messages {
            stamp(&mut self.bytes[range.clone()], now);
        }
    }

    /// What is left when so many bytes are sent, each message by itself.
    fn parcels_after(&self, n_sent: usize) -> impl Iterator<Item = Parcel> {
        let left = self.messages.iter().filter(move |(range, _)| range.end > n_sent);
        left.map(move |(range, deadline)| {
            let is_begun = range.start < n_sent;
            Parcel {
                bytes: self.bytes[range.start.max(n_sent)..range.end].to_vec(),
                // Without the rest of what is begun, the peer could read nothing after it.
                deadline: deadline.filter(|_| !is_begun),
                is_begun,
            }
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.messages.clear();
    }
}

/// Writes into a message's head when it was sent. What is too short for a head, as in
/// tests, stays as it is.
fn stamp(message: &mut [u8], now: Nanos) {
    if let Some(sent) = message.get_mut(SENT_AT) {
        sent.copy_from_slice(&now.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{ErrorKind, Read as _},
        net::TcpListener,
        sync::mpsc::{Receiver, channel},
        time::Duration,
    };

    use super::*;
    use crate::live::clock::pause;
    use crate::time::{MILLISECOND, SECOND};
    use crate::wire::{Frame, Head, read_frame, write_frame};

    /// More than kernels hold for a peer that does not read.
    const MUCH: usize = 64 << 20;

    fn connected() -> (Arc<Outbox>, TcpStream, Receiver<u64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let (late, lates) = channel();
        let on_late = Box::new(move |id| late.send(id).unwrap());
        (Outbox::new(stream, Clock::of_day(), on_late).unwrap(), peer, lates)
    }

    fn deadline(send_by: Nanos, id: u64) -> Option<Deadline> {
        Some(Deadline { send_by, id })
    }

    /// Writes a message that does not say when it was sent.
    fn message(id: u64, body: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
        let head = Head { code: 1, id, sent: 0, least_delta: None };
        move |out| write_frame(&head, |_| (), body, out)
    }

    /// The messages in what was read; none is cut off.
    fn frames(mut bytes: &[u8]) -> Vec<Frame> {
        std::iter::from_fn(|| read_frame(&mut bytes).unwrap()).collect()
    }

    fn next_late(lates: &Receiver<u64>) -> u64 {
        lates.recv_timeout(Duration::from_secs(10)).unwrap()
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
    fn a_message_says_when_it_was_flushed() {
        let (outbox, mut peer, _lates) = connected();
        outbox.post(None, message(1, b"body"));
        outbox.post(None, message(2, b""));
        let before = outbox.clock.now();
        outbox.flush();
        let after = outbox.clock.now();
        for id in [1, 2] {
            let head = read_frame(&mut peer).unwrap().unwrap().head;
            assert_eq!(head.id, id);
            assert!((before..=after).contains(&head.sent), "{before}, {}, {after}", head.sent);
        }
    }

    #[test]
    fn what_is_begun_is_finished_and_what_is_not_keeps_its_deadline() {
        let mut collected = Collected::default();
        collected.add(deadline(1, 7), |out| out.extend_from_slice(b"one"));
        collected.add(None, |out| out.extend_from_slice(b"two"));
        collected.add(deadline(2, 8), |out| out.extend_from_slice(b"three"));
        let left = |n_sent| {
            let parcels = collected.parcels_after(n_sent).map(|parcel| {
                let text = String::from_utf8(parcel.bytes).unwrap();
                (text, parcel.deadline.map(|deadline| deadline.id), parcel.is_begun)
            });
            parcels.collect::<Vec<_>>()
        };
        let parcel = |text: &str, id, is_begun| (text.to_owned(), id, is_begun);
        let (two, three) = (parcel("two", None, false), parcel("three", Some(8), false));
        assert_eq!(left(0), [parcel("one", Some(7), false), two.clone(), three.clone()]);
        assert_eq!(left(1), [parcel("ne", None, true), two.clone(), three.clone()]);
        assert_eq!(left(3), [two, three]);
        assert_eq!(left(10), [parcel("e", None, true)]);
        assert!(left(11).is_empty());
    }

    #[test]
    fn of_what_is_flushed_to_a_slow_peer_each_is_sent_whole_or_late() {
        let (outbox, peer, lates) = connected();
        let large = vec![b'x'; MUCH];
        outbox.post(None, message(1, &large));
        let soon = outbox.clock.now() + 50 * MILLISECOND;
        outbox.post(deadline(soon, 2), message(2, b"late"));
        outbox.post(deadline(soon + 3_600 * SECOND, 3), message(3, b"in time"));
        outbox.post(deadline(soon, 4), message(4, b"late, too"));
        outbox.post(None, message(5, b"at any time"));
        outbox.flush();
        assert!(outbox.lock().is_slow);
        pause(100 * MILLISECOND);
        let reads_from = outbox.clock.now();
        let reader = std::thread::spawn(move || read_to_end(peer));
        assert_eq!([next_late(&lates), next_late(&lates)], [2, 4]);
        outbox.drain(reads_from + 10 * SECOND);
        outbox.close();
        let frames = frames(&reader.join().unwrap());
        let arrived: Vec<_> = frames.iter().map(|frame| (frame.head.id, &*frame.body)).collect();
        assert!(arrived == [(1, &large[..]), (3, &b"in time"[..]), (5, &b"at any time"[..])]);
        // The first was begun before the peer read, the others left when it did.
        let is_after = |frame: &Frame| frame.head.sent >= reads_from;
        assert_eq!(frames.iter().map(is_after).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn what_waits_too_long_for_a_slow_peer_is_not_sent() {
        let (outbox, peer, lates) = connected();
        let large = vec![b'x'; MUCH];
        outbox.post(None, |out| out.extend_from_slice(&large));
        outbox.flush();
        assert!(outbox.lock().is_slow);
        let now = outbox.clock.now();
        outbox.post(deadline(now + 50 * MILLISECOND, 7), |out| out.extend_from_slice(b"late"));
        outbox.post(deadline(now + 3_600 * SECOND, 8), |out| out.extend_from_slice(b"end"));
        outbox.drain(now + 100 * MILLISECOND);
        assert!(outbox.lock().is_slow && outbox.clock.now() >= now + 100 * MILLISECOND);
        let reader = std::thread::spawn(move || read_to_end(peer));
        assert_eq!(next_late(&lates), 7);
        // The end is sent after the late one was passed over.
        outbox.drain(now + 3_600 * SECOND);
        outbox.close();
        let bytes = reader.join().unwrap();
        assert_eq!((bytes.len(), &bytes[bytes.len() - 3..]), (large.len() + 3, &b"end"[..]));
    }

    #[test]
    fn a_peer_that_never_reads_is_given_up() {
        let (outbox, peer, _lates) = connected();
        let large = vec![0; MUCH];
        for _ in 0..6 {
            outbox.post(None, |out| out.extend_from_slice(&large));
            outbox.flush();
        }
        assert!(outbox.lock().is_closed);
        // There is nothing to wait for.
        outbox.drain(Nanos::MAX);
        // What the kernel holds still arrives.
        assert!(read_to_end(peer).len() < MUCH);
    }
}

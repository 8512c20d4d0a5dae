//! A connection to another process: what it says is delivered, what it is told is
//! posted, and both clocks are kept known to each other.

use std::{
    io::{self, BufReader},
    net::TcpStream,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
        mpsc::channel,
    },
};

use super::{
    Clock,
    clock::spawn,
    outbox::{Deadline, Outbox},
};
use crate::{
    time::Nanos,
    wire::{ClockSync, Coded, Frame, Head, WireError, read_frame},
};

/// What happens at a connection.
#[derive(Debug)]
pub(super) enum Arrival<M> {
    /// A message came.
    Message {
        /// When it came, which may be long before it is read.
        at: Nanos,
        /// The sender's number for it.
        id: u64,
        /// The message.
        message: M,
        /// Inputs or outputs.
        body: Vec<u8>,
    },
    /// A message with this deadline's number was not sent in time.
    Late(u64),
    /// Nothing comes any more; with the reason, if it did not just end.
    Gone(Option<WireError>),
}

/// The other end of a connection. Its threads hold it: what ends it is that the peer is
/// gone, or [`Peer::close`], which whoever started it calls; to drop it ends nothing.
pub(super) struct Peer {
    outbox: Arc<Outbox>,
    clock: Clock,
    sync: Mutex<ClockSync>,
    last_heard: AtomicU64,
}

impl Peer {
    /// Begins to deliver what the peer says, until it is gone; `joined` comes before.
    ///
    /// # Errors
    /// If the connection has broken already, or the system has no threads left; `joined`
    /// is not called then.
    pub(super) fn start<M: Coded>(
        stream: TcpStream,
        clock: Clock,
        deliver: impl Fn(Arrival<M>) + Clone + Send + Sync + 'static,
        joined: impl FnOnce(&Arc<Self>),
    ) -> io::Result<Arc<Self>> {
        stream.set_nodelay(true)?;
        let reader = stream.try_clone()?;
        let late = deliver.clone();
        let peer = Arc::new(Self {
            outbox: Outbox::new(stream, clock, Box::new(move |id| late(Arrival::Late(id))))?,
            clock,
            sync: Mutex::default(),
            last_heard: AtomicU64::new(clock.now()),
        });
        let hearer = Arc::clone(&peer);
        let (has_joined, joins) = channel::<()>();
        let inbox = spawn("inbox", move || {
            // It ends when the other half is dropped.
            let _ = joins.recv();
            let reason = hearer.deliver_all(reader, &deliver).err();
            hearer.outbox.close();
            deliver(Arrival::Gone(reason));
        });
        // Else the outbox would wait for messages for ever.
        inbox.inspect_err(|_| peer.close())?;
        joined(&peer);
        drop(has_joined);
        Ok(peer)
    }

    /// Adds a message to what the next flush sends.
    pub(super) fn post(&self, id: u64, message: &impl Coded, body: &[u8]) {
        self.post_within(None, id, message, body);
    }

    /// The same, unless it is late by the time at which it would be sent.
    pub(super) fn post_within(
        &self,
        deadline: Option<Deadline>,
        id: u64,
        message: &impl Coded,
        body: &[u8],
    ) {
        let least_delta = self.sync().least_delta();
        self.outbox.post(deadline, |out| {
            // The outbox writes when it was sent.
            let head = Head { code: message.code(), id, sent: 0, least_delta };
            message.write(head, body, out);
        });
    }

    /// Sends what was posted, without waiting for the peer.
    pub(super) fn flush(&self) {
        self.outbox.flush();
    }

    /// Sends what was posted, and waits for a slow peer to take it, at most until then.
    pub(super) fn drain(&self, until: Nanos) {
        self.flush();
        self.outbox.drain(until);
    }

    /// Ends the connection, and with it the threads that hold this.
    pub(super) fn close(&self) {
        self.outbox.close();
    }

    /// Both clocks.
    pub(super) fn sync(&self) -> MutexGuard<'_, ClockSync> {
        self.sync.lock().expect("no holder panics")
    }

    /// When the peer said something last.
    pub(super) fn last_heard(&self) -> Nanos {
        self.last_heard.load(Ordering::Relaxed)
    }

    fn deliver_all<M: Coded>(
        &self,
        stream: TcpStream,
        deliver: &impl Fn(Arrival<M>),
    ) -> Result<(), WireError> {
        let mut reader = BufReader::with_capacity(64 << 10, stream);
        while let Some(frame) = read_frame(&mut reader)? {
            let now = self.clock.now();
            self.sync().received(now, &frame.head);
            self.last_heard.store(now, Ordering::Relaxed);
            let message = M::of(&frame)?;
            let Frame { head, body, .. } = frame;
            deliver(Arrival::Message { at: now, id: head.id, message, body });
        }
        Ok(())
    }
}

//! What a process waits for: messages, and a time at which it must do something.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use super::Clock;
use crate::time::Nanos;

/// The one place to which everything comes that a process reacts to.
pub(super) struct Mailbox<M> {
    clock: Clock,
    sender: Sender<M>,
    receiver: Receiver<M>,
}

impl<M> Mailbox<M> {
    pub(super) fn new(clock: Clock) -> Self {
        let (sender, receiver) = channel();
        Self { clock, sender, receiver }
    }

    /// For whoever has something to say.
    pub(super) fn sender(&self) -> Sender<M> {
        self.sender.clone()
    }

    /// What is there now.
    pub(super) fn waiting(&self) -> Option<M> {
        self.receiver.try_recv().ok()
    }

    /// Waits as [`Mailbox::next`] does, and then gives what is there, so many messages at
    /// most: something else has its turn in between.
    pub(super) fn some(&self, until: Nanos, at_most: usize) -> Vec<M> {
        let first = self.next(Some(until));
        let rest = first.is_some().then(|| std::iter::from_fn(|| self.waiting()));
        first.into_iter().chain(rest.into_iter().flatten().take(at_most - 1)).collect()
    }

    /// Waits for the next message; nothing if there is none until then.
    pub(super) fn next(&self, until: Option<Nanos>) -> Option<M> {
        let Some(until) = until else {
            return Some(self.receiver.recv().expect("the mailbox has a sender of its own"));
        };
        match self.receiver.recv_timeout(self.clock.until(until)) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the mailbox has a sender of its own")
            }
        }
    }
}

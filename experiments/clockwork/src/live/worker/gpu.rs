//! A GPU's thread: it wakes the GPU when something is due, and says what came of it.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::Sender},
    thread::JoinHandle,
};

use crate::{
    live::{
        Clock,
        clock::{spawn, wake_on_time},
        mailbox::Mailbox,
        peer::Peer,
    },
    message::{Action, ActionKind, ActionResult},
    wire::WorkerReply,
    worker::{Device, Gpu},
};

/// What a GPU is told.
pub(super) enum Order {
    /// To carry out an action, with the inputs that came along.
    Act(Action, Vec<u8>),
    /// To forget all weights.
    Clear,
    /// To end.
    End,
}

/// A GPU's thread.
pub(super) struct GpuThread {
    sender: Sender<Order>,
    thread: JoinHandle<()>,
}

impl GpuThread {
    pub(super) fn start<D: Device + Send + 'static>(
        gpu: Gpu<D>,
        clock: Clock,
        peer: Arc<Peer>,
    ) -> Self {
        let mailbox = Mailbox::new(clock);
        let sender = mailbox.sender();
        let mut work = Work { gpu, clock, peer, kinds: HashMap::new(), results: Vec::new() };
        let thread = spawn("gpu", move || work.run(&mailbox));
        Self { sender, thread }
    }

    pub(super) fn tell(&self, order: Order) {
        self.sender.send(order).expect("the thread ends only when it is told to");
    }

    /// Ends the thread, whatever the GPU is doing.
    pub(super) fn end(self) {
        self.tell(Order::End);
        self.thread.join().expect("the thread does not panic");
    }
}

struct Work<D> {
    gpu: Gpu<D>,
    clock: Clock,
    peer: Arc<Peer>,
    /// Of actions that are not answered.
    kinds: HashMap<u64, ActionKind>,
    results: Vec<ActionResult>,
}

impl<D: Device> Work<D> {
    fn run(&mut self, mailbox: &Mailbox<Order>) {
        wake_on_time();
        loop {
            let mut order = mailbox.next(self.gpu.next_wake());
            while let Some(next) = order {
                match next {
                    Order::Act(action, input) => self.act(action, input),
                    Order::Clear => self.gpu.clear_cache(),
                    Order::End => return,
                }
                order = mailbox.waiting();
            }
            self.gpu.wake(self.clock.now(), &mut self.results);
            self.reply();
        }
    }

    fn act(&mut self, action: Action, _input: Vec<u8>) {
        self.kinds.insert(action.id, action.kind);
        self.gpu.act(self.clock.now(), action);
    }

    fn reply(&mut self) {
        if self.results.is_empty() {
            return;
        }
        for result in self.results.drain(..) {
            let kind = self.kinds.remove(&result.id).expect("only what was told is answered");
            let reply = WorkerReply::of_result(kind, &result);
            self.peer.post(result.id, &reply, &[]);
        }
        self.peer.flush();
    }
}

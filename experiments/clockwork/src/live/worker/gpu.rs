//! A GPU's thread: it wakes the GPU when something is due, and says what came of it.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::Sender},
    thread::JoinHandle,
};

use anyhow::Context as _;

use super::server::{AnyDevice, MakeDevice};
use crate::{
    live::{
        Clock,
        clock::{spawn, wake_on_time},
        mailbox::Mailbox,
        peer::Peer,
    },
    message::{Action, ActionKind, ActionResult, ActionStatus},
    models::Deployment,
    wire::WorkerReply,
    worker::{CacheSize, Completion, Device, Gpu},
};

/// What a GPU is told.
pub(super) enum Order {
    /// To carry out an action, with the inputs that came along.
    Act(Action, Vec<u8>),
    /// To note what its device says.
    Note(Completion),
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
    /// Starts the GPU of this number, which replies to `peer`.
    pub(super) fn start(
        index: u32,
        make: &MakeDevice,
        deployment: Arc<Deployment>,
        cache: CacheSize,
        clock: Clock,
        peer: Arc<Peer>,
    ) -> anyhow::Result<Self> {
        let mailbox = Mailbox::new(clock);
        let sender = mailbox.sender();
        let reports = sender.clone();
        let report = move |completion| {
            // What a device still reports when its GPU has ended is of no use.
            let _ = reports.send(Order::Note(completion));
        };
        let gpu = Gpu::new(make(index, Box::new(report))?, deployment, cache);
        let mut work = Work { gpu, clock, peer, kinds: HashMap::new(), results: Vec::new() };
        let thread = spawn("gpu", move || work.run(&mailbox)).context("start its thread")?;
        Ok(Self { sender, thread })
    }

    pub(super) fn tell(&self, order: Order) {
        // A thread that has failed has closed the connection: the session ends.
        let _ = self.sender.send(order);
    }

    /// Ends the thread, once its device has ended what it is doing.
    pub(super) fn end(self) {
        self.tell(Order::End);
        // What it failed by was printed.
        let _ = self.thread.join();
    }
}

struct Work {
    gpu: Gpu<AnyDevice>,
    clock: Clock,
    peer: Arc<Peer>,
    /// Of actions that are not answered.
    kinds: HashMap<u64, ActionKind>,
    results: Vec<ActionResult>,
}

/// A controller must not wait for a GPU whose thread has failed.
impl Drop for Work {
    fn drop(&mut self) {
        self.peer.close();
    }
}

impl Work {
    fn run(&mut self, mailbox: &Mailbox<Order>) {
        wake_on_time();
        loop {
            let mut order = mailbox.next(self.gpu.next_wake());
            while let Some(next) = order {
                match next {
                    Order::Act(action, input) => self.act(action, input),
                    Order::Note(completion) => {
                        self.gpu.completed(self.clock.now(), completion, &mut self.results);
                    }
                    Order::Clear => self.gpu.clear_cache(),
                    Order::End => return,
                }
                order = mailbox.waiting();
            }
            self.gpu.wake(self.clock.now(), &mut self.results);
            self.reply();
        }
    }

    fn act(&mut self, action: Action, input: Vec<u8>) {
        self.kinds.insert(action.id, action.kind);
        if !input.is_empty() {
            self.gpu.device_mut().give_input(action.id, input);
        }
        self.gpu.act(self.clock.now(), action);
    }

    fn reply(&mut self) {
        if self.results.is_empty() {
            return;
        }
        for result in self.results.drain(..) {
            // A number that was given twice is answered once.
            let Some(kind) = self.kinds.remove(&result.id) else { continue };
            let output = match result.status {
                ActionStatus::Success => self.gpu.device_mut().take_output(result.id),
                _ => None,
            };
            let reply = WorkerReply::of_result(kind, &result);
            self.peer.post(result.id, &reply, output.as_deref().unwrap_or_default());
        }
        self.peer.flush();
    }
}

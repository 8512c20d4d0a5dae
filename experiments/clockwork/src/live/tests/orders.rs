//! What a worker does with orders that no good controller gives.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use super::bed::exact_worker;
use crate::{
    live::{
        Clock,
        peer::{Arrival, Peer},
    },
    message::ActionStatus,
    time::SECOND,
    wire::{GetState, LoadFromDisk, LoadWeights, WorkerOrder, WorkerReply},
};

/// Longer than anything takes here, for replies that may never come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A controller that gives the orders that a test wants.
struct Boss {
    clock: Clock,
    peer: Arc<Peer>,
    arrivals: Receiver<Arrival<WorkerReply>>,
}

impl Boss {
    fn of(worker: &str) -> Self {
        let stream = TcpStream::connect(worker).unwrap();
        let (sender, arrivals) = channel();
        let deliver = move |arrival| drop(sender.send(arrival));
        let clock = Clock::of_day();
        let peer = Peer::start(stream, clock, deliver, |_| ()).unwrap();
        Self { clock, peer, arrivals }
    }

    fn order(&self, id: u64, order: impl Into<WorkerOrder>) {
        self.peer.post(id, &order.into(), &[]);
        self.peer.flush();
    }

    fn reply(&self) -> WorkerReply {
        match self.arrivals.recv_timeout(PATIENCE).unwrap() {
            Arrival::Message { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    fn load_from_disk(&self, id: u64) -> WorkerReply {
        let path = "resnet50_v2".to_owned();
        self.order(id, LoadFromDisk { id, first_model_id: 0, path, n_copies: 1 });
        self.reply()
    }

    /// To be done soon, but not before whatever else is ordered now has come.
    fn load_weights(&self, id: u64, gpu_id: u32) {
        let earliest = self.clock.now() + SECOND / 2;
        let load = LoadWeights { id, gpu_id, earliest, latest: u64::MAX, ..LoadWeights::default() };
        self.order(id, load);
    }
}

/// Whoever starts a connection closes it.
impl Drop for Boss {
    fn drop(&mut self) {
        self.peer.close();
    }
}

#[test]
fn a_number_that_is_given_twice_is_answered_once() {
    let boss = Boss::of(&exact_worker());
    boss.load_from_disk(1);
    boss.load_weights(5, 0);
    boss.load_weights(5, 0);
    boss.load_weights(6, 0);
    let ids = [boss.reply(), boss.reply()].map(|reply| match reply {
        WorkerReply::WeightsLoaded(loaded) => loaded.id,
        WorkerReply::ActionFailed(failed) => failed.id,
        other => panic!("{other:?}"),
    });
    assert_eq!(ids, [5, 6]);
    // Nothing more is said of either.
    boss.order(7, GetState { id: 7 });
    assert!(matches!(boss.reply(), WorkerReply::State(state) if state.id == 7));
}

#[test]
fn models_are_fixed_once_one_was_used() {
    let boss = Boss::of(&exact_worker());
    assert!(matches!(boss.load_from_disk(1), WorkerReply::ModelReady(_)));
    boss.load_weights(2, 0);
    assert!(matches!(boss.reply(), WorkerReply::WeightsLoaded(_)));
    let WorkerReply::ActionFailed(failed) = boss.load_from_disk(3) else { panic!("it has them") };
    assert_eq!(failed.status, ActionStatus::UnknownModel.code());
    assert_eq!(failed.message, "the models are fixed once one was used");
}

#[test]
fn a_gpu_that_there_is_not_does_nothing() {
    let boss = Boss::of(&exact_worker());
    boss.load_from_disk(1);
    boss.load_weights(2, 1);
    let WorkerReply::ActionFailed(failed) = boss.reply() else { panic!("there is one GPU") };
    assert_eq!((failed.id, failed.status), (2, ActionStatus::Other(2).code()));
}

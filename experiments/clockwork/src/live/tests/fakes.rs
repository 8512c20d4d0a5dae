//! Workers and connections that do what real ones should not.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::channel,
};

use crate::{
    live::{
        Clock,
        clock::{pause, spawn},
        peer::{Arrival, Peer},
    },
    message::ActionStatus,
    models::Catalogue,
    time::Nanos,
    wire::{ModelReady, State, WorkerOrder, WorkerReply},
    worker::CacheSize,
};

/// What a fake worker does once it is told to carry out an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It says nothing any more.
    FallsSilent,
    /// It closes the connection.
    HangsUp,
    /// It answers every action with what nobody asked for, too.
    Babbles,
    /// Before that: it brings no model into memory, and says nothing about it.
    LoadsNothing,
}

/// A worker that brings models into memory and then misbehaves.
pub(super) fn fake_worker(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    spawn("fake", move || {
        let (stream, _) = listener.accept().unwrap();
        misbehave(stream, manner);
    })
    .unwrap();
    address
}

fn misbehave(stream: TcpStream, manner: Manner) {
    let (sender, arrivals) = channel();
    let deliver = move |arrival| drop(sender.send(arrival));
    let peer = Peer::start::<WorkerOrder>(stream, Clock::of_day(), deliver, |_| ()).unwrap();
    let mut is_silent = false;
    for arrival in arrivals {
        let Arrival::Message { id, message, .. } = arrival else { return };
        if is_silent {
            continue;
        }
        match (reply(&message), manner) {
            (Some(WorkerReply::ModelReady(_)), Manner::LoadsNothing) => {}
            (Some(known), _) => peer.post(id, &known, &[]),
            (None, Manner::FallsSilent | Manner::LoadsNothing) => is_silent = true,
            (None, Manner::HangsUp) => return peer.close(),
            (None, Manner::Babbles) => {
                let failed = |id| crate::wire::ActionFailed {
                    id,
                    status: ActionStatus::ExecTooLate.code(),
                    ..crate::wire::ActionFailed::default()
                };
                for babble in [id, id, id + 1_000, 0] {
                    peer.post(babble, &WorkerReply::from(failed(babble)), &[]);
                }
            }
        }
        peer.flush();
    }
}

/// What a good worker replies to all that is no action.
fn reply(order: &WorkerOrder) -> Option<WorkerReply> {
    let CacheSize { page_bytes, .. } = CacheSize::V100_32GB;
    let state = |id| State { id, n_gpus: 1, page_bytes, n_pages: 60, n_models: 0 };
    match order {
        WorkerOrder::LoadFromDisk(load) => {
            let variety = Catalogue::published().by_name(&load.path).unwrap();
            Some(ModelReady::of(load.id, variety, page_bytes).into())
        }
        WorkerOrder::GetState(get) => Some(state(get.id).into()),
        WorkerOrder::ClearCache(clear) => Some(state(clear.id).into()),
        WorkerOrder::LoadWeights(_) | WorkerOrder::Inference(_) | WorkerOrder::Evict(_) => None,
    }
}

/// A way to a worker that is stuck for a time, once so many bytes have come by.
pub(super) fn stuck_once(worker: String, after_bytes: usize, length: Nanos) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    spawn("way", move || {
        let (mut controller, _) = listener.accept().unwrap();
        let mut worker = TcpStream::connect(worker).unwrap();
        let (mut from, mut to) = (worker.try_clone().unwrap(), controller.try_clone().unwrap());
        let back = spawn("way back", move || drop(io::copy(&mut from, &mut to))).unwrap();
        let (mut bytes, mut n_passed, mut was_stuck) = (vec![0; 64 << 10], 0, false);
        while let Ok(n_bytes @ 1..) = controller.read(&mut bytes) {
            n_passed += n_bytes;
            if n_passed > after_bytes && !std::mem::replace(&mut was_stuck, true) {
                pause(length);
            }
            if worker.write_all(&bytes[..n_bytes]).is_err() {
                break;
            }
        }
        let _ = worker.shutdown(Shutdown::Both);
        back.join().unwrap();
    })
    .unwrap();
    address
}

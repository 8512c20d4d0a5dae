//! Workers and GPUs that do what real ones should not, or cannot.

use std::{
    collections::HashMap,
    net::{TcpListener, TcpStream},
    sync::mpsc::channel,
};

use crate::{
    live::{
        Clock,
        clock::spawn,
        peer::{Arrival, Peer},
    },
    message::{ActionStatus, ModelId},
    models::{Catalogue, Variety},
    time::Nanos,
    wire::{ModelReady, State, WorkerOrder, WorkerReply},
    worker::{Batch, CacheSize, Device, Progress},
};

/// A GPU whose output is the first four bytes of the input, and that fails without.
#[derive(Default)]
pub(super) struct Echo {
    inputs: HashMap<u64, Vec<u8>>,
    outputs: HashMap<u64, Vec<u8>>,
}

impl Device for Echo {
    fn load(&mut self, _: ModelId, variety: &Variety) -> Progress {
        Progress::Takes(variety.load)
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        let inputs = self.inputs.remove(&batch.action_id).unwrap_or_default();
        let firsts = inputs.chunks(batch.variety.input_bytes as usize).map(|input| &input[..4]);
        self.outputs.insert(batch.action_id, firsts.collect::<Vec<_>>().concat());
        Progress::Takes(1_000)
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        let given = self.inputs.get(&batch.action_id).map_or(0, Vec::len);
        let expected = batch.variety.input_bytes as usize * batch.n_inputs as usize;
        // An input that is missing keeps the copy from ever beginning in time.
        Progress::Takes(if given == expected { 0 } else { Nanos::from(u32::MAX) })
    }

    fn copy_output(&mut self, _: &Batch<'_>) -> Progress {
        Progress::Takes(0)
    }

    fn give_input(&mut self, action_id: u64, inputs: Vec<u8>) {
        self.inputs.insert(action_id, inputs);
    }

    fn take_output(&mut self, action_id: u64) -> Option<Vec<u8>> {
        self.outputs.remove(&action_id)
    }

    fn clock_mhz(&mut self) -> u32 {
        0
    }
}

/// What a fake worker does once it is told to carry out an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It says nothing any more.
    FallsSilent,
    /// It closes the connection.
    HangsUp,
    /// It answers every action with what nobody asked for, too.
    Babbles,
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
            (Some(known), _) => peer.post(id, &known, &[]),
            (None, Manner::FallsSilent) => is_silent = true,
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

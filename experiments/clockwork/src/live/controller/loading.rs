//! The first phase: clients name models, and every worker brings them into memory.

use std::collections::VecDeque;

use super::{mail::ClientId, workers::Workers};
use crate::{
    message::ClientStatus,
    scheduler::ServedModel,
    time::{Nanos, SECOND},
    wire::{Load, LoadFromDisk, Loaded, ModelReady, WorkerOrder, WorkerReply},
};

/// The phase ends when nothing was asked or done for so long.
const PAUSE: Nanos = SECOND;

/// A model instance, as workers describe it.
#[derive(Debug, Clone)]
pub(super) struct LoadedModel {
    pub(super) served: ServedModel,
    pub(super) input_bytes: usize,
}

/// What is being loaded, and what is there.
#[derive(Default)]
pub(super) struct Loading {
    models: Vec<LoadedModel>,
    /// One after another, as instances are numbered in that order.
    asked: VecDeque<Asked>,
    last_activity: Nanos,
}

struct Asked {
    client: ClientId,
    message_id: u64,
    load: Load,
    /// Once it is the first's turn.
    order: Option<Order>,
}

/// An order that was given to every worker.
struct Order {
    id: u64,
    n_waiting: usize,
    ready: Option<ModelReady>,
    failure: Option<String>,
}

/// A reply that a client gets.
pub(super) struct ReplyTo {
    pub(super) client: ClientId,
    pub(super) message_id: u64,
    pub(super) reply: Loaded,
}

impl Loading {
    /// A client asks for models.
    pub(super) fn ask(
        &mut self,
        now: Nanos,
        client: ClientId,
        message_id: u64,
        load: Load,
        workers: &mut Workers,
    ) {
        self.last_activity = now;
        self.asked.push_back(Asked { client, message_id, load, order: None });
        self.order_next(workers);
    }

    /// A worker replies to an order. The client is told when all have.
    pub(super) fn note(
        &mut self,
        now: Nanos,
        worker: usize,
        reply: WorkerReply,
        workers: &mut Workers,
    ) -> Option<ReplyTo> {
        let first = self.asked.front_mut()?;
        let order = first.order.as_mut()?;
        match reply {
            WorkerReply::ModelReady(ready) if ready.id == order.id => {
                if order.ready.as_ref().is_some_and(|other| other.n_pages != ready.n_pages) {
                    order.failure = Some("workers do not agree on the model's size".to_owned());
                }
                order.ready.get_or_insert(ready);
            }
            WorkerReply::ActionFailed(failed) if failed.id == order.id => {
                let address = workers.address(worker);
                order.failure = Some(format!("the worker at {address}: {}", failed.message));
            }
            _ => return None,
        }
        self.last_activity = now;
        order.n_waiting -= 1;
        if order.n_waiting > 0 {
            return None;
        }
        let Asked { client, message_id, load, order } = self.asked.pop_front()?;
        let reply = self.conclude(&load, order?);
        self.order_next(workers);
        Some(ReplyTo { client, message_id, reply })
    }

    /// When the phase ends, unless something is asked; nothing if that is not in sight.
    pub(super) fn ends_at(&self) -> Option<Nanos> {
        let is_idle = self.asked.is_empty() && !self.models.is_empty();
        is_idle.then_some(self.last_activity + PAUSE)
    }

    /// All models, in the order of their numbers.
    pub(super) fn models(&self) -> &[LoadedModel] {
        &self.models
    }

    fn order_next(&mut self, workers: &mut Workers) {
        let n_models = self.models.len() as u32;
        let Some(first) = self.asked.front_mut().filter(|first| first.order.is_none()) else {
            return;
        };
        let id = workers.next_order();
        let Load { path, n_copies } = first.load.clone();
        let order =
            WorkerOrder::from(LoadFromDisk { id, first_model_id: n_models, path, n_copies });
        for worker in 0..workers.len() {
            workers.peer(worker).post(id, &order, &[]);
            workers.peer(worker).flush();
        }
        let n_waiting = workers.len();
        first.order = Some(Order { id, n_waiting, ready: None, failure: None });
    }

    fn conclude(&mut self, load: &Load, order: Order) -> Loaded {
        let first_model_id = self.models.len() as u32;
        match (order.failure, order.ready) {
            (None, Some(ready)) => {
                let model = match ready.served() {
                    Ok(served) => LoadedModel { served, input_bytes: ready.input_bytes as usize },
                    Err(why) => {
                        let message = format!("what workers say of it makes no sense: {why}");
                        return refused(ClientStatus::Error, message);
                    }
                };
                self.models.extend((0..load.n_copies).map(|_| model.clone()));
                Loaded {
                    status: ClientStatus::Success.code(),
                    message: String::new(),
                    first_model_id,
                    input_bytes: ready.input_bytes,
                }
            }
            (failure, _) => refused(ClientStatus::Error, failure.unwrap_or_default()),
        }
    }
}

/// What a client is told whose models cannot be had.
pub(super) fn refused(status: ClientStatus, message: String) -> Loaded {
    Loaded { status: status.code(), message, ..Loaded::default() }
}

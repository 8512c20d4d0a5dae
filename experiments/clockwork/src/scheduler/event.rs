//! What happens to a scheduler, and what it does about it.

use serde::{Deserialize, Serialize};

use crate::{
    message::{Action, ActionResult, GpuId, Request, Response},
    telemetry::{ActionRow, RequestRow},
    time::Nanos,
};

/// Something that happens to the controller.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A client asks.
    Request(Request),
    /// A worker answers.
    Result(ActionResult),
    /// A GPU is gone for good, as its worker died or went silent. What was to be done
    /// there has failed, nothing is sent there again, and what is still heard of it
    /// changes nothing. A second loss of it changes nothing either.
    Lost(GpuId),
    /// The time that [`Scheduler::next_wake`] named has come.
    Wake,
}

/// Something that the controller does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// It tells a worker what to do.
    Send(Action),
    /// It answers a client, and logs that.
    Answer(Response, RequestRow),
    /// It logs what became of an action.
    Log(ActionRow),
}

/// A policy. Each request is answered once; times never go backwards.
pub trait Scheduler {
    /// Reacts to what happens at `now`.
    fn on(&mut self, now: Nanos, event: Event, effects: &mut Vec<Effect>);

    /// When it must act again, even if nothing happens until then.
    fn next_wake(&mut self) -> Option<Nanos>;

    /// Appends the numbers of the requests that an action carries, in the order of their
    /// inputs; none once its result is here.
    fn carried(&self, gpu: GpuId, action_id: u64, request_ids: &mut Vec<u64>);
}

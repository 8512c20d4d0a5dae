//! A request is answered, in time or not.

use super::{Effect, queue::Waiting};
use crate::{
    message::{ClientStatus, Request, Response},
    telemetry::RequestRow,
    time::Nanos,
};

/// The answer to a request whose model is on `n_loaded` GPUs now.
pub(super) fn answer(now: Nanos, waiting: &Waiting, status: ClientStatus, n_loaded: u32) -> Effect {
    let request = &waiting.request;
    let response =
        Response { request_id: request.id, user_id: request.user_id, model: request.model, status };
    let row = RequestRow {
        t: now,
        request_id: request.id,
        result: status,
        user_id: request.user_id,
        model: request.model,
        slo_factor: request.slo_factor,
        latency: now - waiting.arrival,
        deadline: waiting.response_deadline - waiting.arrival,
        arrival_count: waiting.arrival_count,
        departure_count: n_loaded,
    };
    Effect::Answer(response, row)
}

/// The answer to a request for a model that does not exist.
pub(super) fn refuse(now: Nanos, request: &Request) -> Effect {
    let waiting = Waiting {
        request: *request,
        arrival: now,
        deadline: now,
        response_deadline: now,
        exec_demand: 0,
        load_demand: 0,
        arrival_count: 0,
    };
    answer(now, &waiting, ClientStatus::Invalid, 0)
}

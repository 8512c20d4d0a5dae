//! What a client asks, and what it is answered.

use serde::{Deserialize, Serialize};

use super::{ClientStatus, ModelId};

/// One input to be classified. The time of its arrival is the event's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The client's number for it.
    pub id: u64,
    /// Which of the client's users asks, such as a function of a trace.
    pub user_id: u32,
    /// The model that is asked.
    pub model: ModelId,
    /// The objective as a multiple of the model's execution time at batch size 1;
    /// 0 stands for the controller's default.
    pub slo_factor: f32,
}

/// The answer to one request. Each request gets exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The request's number.
    pub request_id: u64,
    /// The request's user.
    pub user_id: u32,
    /// The model that was asked.
    pub model: ModelId,
    /// How it went.
    pub status: ClientStatus,
}

//! What comes to a controller.

use std::sync::Arc;

use crate::{
    live::peer::{Arrival, Peer},
    wire::{ClientRequest, WorkerReply},
};

/// A client's connection, by its number.
pub(super) type ClientId = u32;

/// What comes to a controller.
pub(super) enum Mail {
    /// A client connects.
    Joined(ClientId, Arc<Peer>),
    /// Something happens at a client's connection.
    Client(ClientId, Arrival<ClientRequest>),
    /// Something happens at the connection to the worker of this number.
    Worker(usize, Arrival<WorkerReply>),
    /// It must end.
    Stop,
}

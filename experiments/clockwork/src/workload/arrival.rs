//! What every workload is to those who send its requests.

use super::Instances;
use crate::{
    message::{Request, Response},
    time::Nanos,
};

/// A request, and when it is to be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Since the workload began.
    pub at: Nanos,
    /// The request. Requests are numbered from 0 in the order in which they are sent.
    pub request: Request,
}

/// What clients send. A workload has no clock and no I/O: whoever sends its requests
/// asks when the next one is due, and says when one was answered. All times count from
/// the beginning of the workload.
pub trait Workload: Send {
    /// The model instances that must be there.
    fn instances(&self) -> &Instances;

    /// When the next request is to be sent. Nothing if that depends on an answer, or
    /// if the workload is over. An answer may make it earlier.
    fn next_at(&self) -> Option<Nanos>;

    /// Takes the request that is due next, if there is one.
    fn send(&mut self) -> Option<Arrival>;

    /// Tells that a request was answered, whatever the answer; closed loops go on.
    fn answered(&mut self, now: Nanos, response: &Response);
}

//! What travels between clients, hosts and the state tier: calls, outcomes and requests.

mod call;
mod cold_start;
mod outcome;
mod payload;
mod request;

pub(crate) use call::MAX_INDEX;
pub use call::{Call, Function, InvalidName};
pub use cold_start::ColdStartInterval;
pub use outcome::{Outcome, Status};
pub use request::{Invocation, Request};

/// The number by which a call is polled and awaited.
pub type CallId = u32;

//! What a generator asks of a protocol: one connection that sends requests.

mod failure;
mod protocol;

pub use failure::Failure;
pub use protocol::{Answer, Client};

//! The decisions of one service, without I/O: what happened goes in with its
//! time, what to do comes out.

mod event;
mod load;
mod pool;
mod scheduler;

#[cfg(test)]
mod enumeration;

pub use event::{Action, Event, Rejection, ReplicaId, RequestId};
pub use scheduler::{Census, Scheduler};

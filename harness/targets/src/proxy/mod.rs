//! A delay in user space, for kernels without a network emulator.
//!
//! It runs in the network namespace of an instance. The packet filter redirects
//! the instance's TCP connections to it, those it opens and those it accepts;
//! it asks where each was to go, connects there, and passes on what the
//! instance sends after a delay, and what the instance receives at once.

mod control;
mod delay_line;
mod relay;

pub(crate) use control::{Answer, Question, ask};
pub(crate) use relay::{CONTROL_PORT, INCOMING_PORT, MARK, OUTGOING_PORT, Proxy};

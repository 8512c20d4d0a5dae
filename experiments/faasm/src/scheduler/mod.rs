//! Where a call runs: a decentralised scheduler, one per host (§5.4 of the spec).

mod bus;
mod core;
mod opinion;
mod recorder;

pub use bus::{Bus, Hosts};
pub use core::{Action, Event, Limits, Scheduler};
pub use opinion::Opinion;
pub use recorder::{Recorder, Step};

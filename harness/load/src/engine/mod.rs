//! The generator: sends a load in an open or a closed loop, and records it.

pub(crate) mod clock;
mod closed;
mod generate;
mod load;
mod open;
pub(crate) mod prompt;
mod shard;
pub(crate) mod timer;

pub use generate::{Run, generate};
pub use load::{Load, Pace, WarmUpLength};

//! The native isolation: one function per process, linked into it, with a state of its own.

mod cold_start;
mod guests;
mod process;
mod turn;

pub use guests::Level;
pub use process::{ChainedCalls, Process, ProcessSettings};

//! What instances use: the record of it, and how it is put together.

mod integral;
mod record;
pub(crate) mod sampler;
pub(crate) mod tally;

pub use record::{InterfaceBytes, Usage};

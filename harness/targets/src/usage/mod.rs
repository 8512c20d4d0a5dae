//! What instances use: the record of it, and how it is put together.

mod integral;
mod record;
mod sampler;
mod tally;

pub use record::{InterfaceBytes, Usage};
pub(crate) use sampler::{Sampled, Sampler};
pub(crate) use tally::Tally;

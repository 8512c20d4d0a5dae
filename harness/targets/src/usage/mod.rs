//! What instances use: the record of it, and how it is put together.

mod integral;
pub(crate) mod net_dev;
mod record;
pub(crate) mod sampler;
pub(crate) mod tally;

pub use record::{InterfaceBytes, Usage};

//! The client: blocking, one connection, used alike for the embedded server
//! and for a real Redis.

mod commands;
mod connection;
mod error;
mod expect;
mod pipeline;
mod pool;

pub use connection::Client;
pub use error::Error;
pub use pipeline::Pipeline;
pub use pool::{Pool, Pooled};

pub(crate) use commands::COMPARE_AND_DELETE;

/// What a client's operation answers.
pub type Result<T> = std::result::Result<T, Error>;

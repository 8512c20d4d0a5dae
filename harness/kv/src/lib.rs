//! The state tier: an embedded server that speaks the Redis protocol, and the
//! client used alike for it and for a real Redis.
//!
//! The store ([`Server`]'s data and commands) is a synchronous state machine
//! that is told the time; the server puts sockets around it. Client and server
//! share one codec of RESP2 and RESP3.

mod client;
mod command;
mod resp;
mod server;
mod spares;
mod store;

pub use client::{Client, Error, Pipeline, Pool, Pooled, Result};
pub use resp::Reply;
pub use server::{BackgroundServer, Server};

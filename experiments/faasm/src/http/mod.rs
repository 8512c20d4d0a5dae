//! HTTP at the edges: calls, uploads, and the client for both.

mod blocking;
mod chained;
mod client;
mod front;
mod runtimes;
mod upload;

use blocking::blocking;

pub use chained::ChainedByHttp;
pub use client::{Answer, HttpClient, Origin};
pub use front::{
    CALLS_PATH, CallCounts, FLUSH_PATH, OUTCOME_HEADER, Runtime, START_HEADER, call_routes,
};
pub use upload::{Uploads, upload_routes};

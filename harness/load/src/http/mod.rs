//! HTTP/1.1 over a connection that is kept: enough of it to load a server, and
//! strict where a lax reading would count a broken answer as a good one.

mod address;
mod answer;
mod chunked;
mod client;
mod request;

pub use address::Address;
pub use client::{Endpoint, HttpClient};
pub use request::Request;

//! The HTTP side: requests in, requests on to replicas, answers back.

mod forward;
mod front;
mod headers;
mod held_body;
mod kept_body;
mod upstream;

pub use front::requested_host;
pub(crate) use front::routes;
pub(crate) use kept_body::KeptBody;
pub(crate) use upstream::Upstream;

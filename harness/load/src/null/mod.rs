//! A server that does nothing but answer: what remains is the generator itself.

mod reply;
mod server;

pub use reply::Reply;
pub use server::NullServer;

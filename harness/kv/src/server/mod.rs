//! The embedded server: sockets around the store.

mod background;
mod buffers;
mod connection;
mod listen;
mod shared;

pub use background::BackgroundServer;
pub use listen::Server;

//! What a container uses, read from this machine's files or asked of the daemon.

mod account;
mod api;
mod files;
mod reading;

pub use account::ContainerAccount;

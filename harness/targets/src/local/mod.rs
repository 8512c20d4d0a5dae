//! The local target: roles are processes of this machine, on loopback.

mod account;
mod cgroup;
mod files;
mod instance;
mod listing;
mod placeholders;
mod ports;
mod remove;
mod sampler;
mod shared_memory;
mod sockets;
mod target;
mod testbed;

pub use target::{Local, become_subreaper};

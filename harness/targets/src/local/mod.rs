//! The local target: roles are processes of this machine, on loopback.

mod account;
mod cgroup;
mod disk;
mod faults;
mod instance;
mod kin;
mod listing;
mod ports;
mod remove;
mod shared_memory;
mod sockets;
mod target;
mod testbed;

pub use target::{Local, become_subreaper};

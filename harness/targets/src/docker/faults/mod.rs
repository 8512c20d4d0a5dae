//! The faults of the Docker target. What the daemon itself can do, it does; in
//! the network of a container, and on its volume, a helper container does it.

mod delay;
mod disk;
mod helper;
mod kill;
mod network;
mod partition;
mod pause;
mod restart;
mod shape;
mod state;
mod throttle;
mod tools;

pub(crate) use state::Faults;

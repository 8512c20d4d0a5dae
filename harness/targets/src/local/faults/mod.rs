//! The faults of the local target: what signals and a full disk can do. All
//! instances share the loopback interface, so none of their links can fail.

mod disk;
mod kill;
mod pause;
mod restart;

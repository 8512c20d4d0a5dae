//! A client: it names the models of a workload, waits until they are served, and sends
//! the workload's requests when they are due.

mod connection;
mod load;
mod report;

#[cfg(test)]
pub(super) use connection::Model;
pub use connection::{Client, Stopper};
pub use report::{Lateness, Sent};

//! The whole system in virtual time: a client, the controller and emulated workers,
//! and the time that messages take between them.

mod network;
mod run;
#[cfg(test)]
mod tests;

pub use network::Network;
pub use run::{Log, Outcome, Simulation};

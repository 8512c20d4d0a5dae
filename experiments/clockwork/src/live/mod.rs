//! The system live: its processes, which drive the cores without I/O from sockets and
//! clocks. A process is one loop over a mailbox, a worker one more for each GPU; all other
//! threads only carry bytes.

mod clock;
mod inputs;
mod mailbox;
mod outbox;
mod peer;

pub mod client;
pub mod controller;
pub mod worker;

#[cfg(test)]
mod tests;

pub use clock::Clock;

//! The roles: what a process of this system can be, each with its flags.

mod logs;
mod role;
mod simulate;

pub use role::Role;
pub use simulate::Simulated;

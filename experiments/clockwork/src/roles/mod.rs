//! The roles: what a process of this system can be, each with its flags.

mod client;
mod controller;
mod executed;
mod logs;
mod observed;
mod replay;
mod requests;
mod role;
mod signal;
mod simulate;
mod window;
mod worker;

pub use observed::Observed;
pub use role::Role;

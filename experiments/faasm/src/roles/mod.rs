//! The roles: what a process of this system can be, each with its flags.

mod client;
mod function;
mod gateway;
mod kv;
mod overheads;
mod reach;
mod register;
mod role;
mod serve;
mod upload;
mod worker;

pub use role::Role;

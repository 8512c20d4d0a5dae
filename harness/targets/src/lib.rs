//! Where roles run: the `Target` trait, its backends, the resource ledger,
//! waits and audits.
//!
//! A target knows nothing of what it runs; an experiment names no target.

#![cfg_attr(not(feature = "local"), expect(dead_code, reason = "only backends use some parts"))]

pub mod audit;
pub mod catalog;
mod children;
pub mod command;
pub mod gc;
mod http;
pub mod label;
pub mod ledger;
#[cfg(feature = "local")]
pub mod local;
mod probe;
pub mod process;
pub mod reaper;
pub mod registry;
pub mod role;
pub mod target;
pub mod usage;
pub mod wait;

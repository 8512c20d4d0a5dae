//! Where roles run: the `Target` trait, its backends, the resource ledger,
//! waits and audits.
//!
//! A target knows nothing of what it runs; an experiment names no target.

#![cfg_attr(
    not(all(feature = "local", feature = "docker")),
    expect(dead_code, reason = "only backends use some parts")
)]

pub mod artifact;
pub mod audit;
mod ballast;
pub mod catalog;
mod cgroup;
mod children;
pub mod command;
#[cfg(feature = "docker")]
pub mod docker;
pub mod doctor;
pub mod fault;
mod files;
pub mod gc;
pub mod helper;
pub mod host;
mod http;
pub mod label;
pub mod ledger;
mod life;
#[cfg(feature = "local")]
pub mod local;
mod placeholders;
mod probe;
pub mod process;
#[cfg(feature = "docker")]
mod proxy;
pub mod reaper;
pub mod registry;
pub mod role;
pub mod settings;
pub mod target;
pub mod usage;
pub mod wait;
mod which;

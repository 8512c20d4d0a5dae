//! Clockwork (Gujarati et al., OSDI 2020): models served predictably, because one
//! controller decides everything and workers do exactly what they are told, when
//! they are told.
//!
//! The controller's schedulers, the emulated workers and the workloads have no
//! I/O: they take a time and what happened, and return what is to be done. So the
//! same code runs live and in virtual time.

pub mod live;
pub mod message;
pub mod models;
pub mod roles;
pub mod scheduler;
pub mod simulation;
pub mod telemetry;
pub mod time;
pub mod trace;
pub mod wire;
pub mod worker;
pub mod workload;

mod random;

//! The wasm isolation: many Faaslets in one process, sharing the local tier.

mod chained;
mod dispatcher;
#[expect(clippy::module_inception, reason = "the module's main noun")]
mod faaslet;
mod interface;
mod programs;
mod settings;
mod shared;
mod standalone;
mod threads;
mod worker;

pub use programs::{Programs, Rejected};
pub use settings::WorkerSettings;
pub use standalone::{Idle, Standalone};
pub use worker::Worker;

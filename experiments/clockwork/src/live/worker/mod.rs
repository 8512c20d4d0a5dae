//! A worker: it brings models into memory, and has its GPUs do what the controller says.

mod gpu;
mod memory;
mod server;
mod session;

pub use memory::HostMemory;
pub use server::{AnyDevice, Config, MakeDevice, Report, Worker};

//! Workers: GPUs that do what they are told within its window, or say why not.
//!
//! Emulated workers follow the original's `worker_dummy`: an execution and a copy
//! of weights take the measured time, one at a time of each. They keep to real
//! workers in what `worker_dummy` leaves out: inputs and outputs are copied by
//! executors of their own, statuses tell stages apart, and weights that are copied
//! anew are unusable meanwhile.
//!
//! [`exec`] has workers that are no emulation.

pub mod exec;

mod cache;
mod device;
mod emulated;
mod executor;
mod gpu;
mod task;

#[cfg(test)]
mod tests;

pub use device::{Batch, Completion, Device, Progress, Stage};
pub use emulated::{EmulatedDevice, Noise};
pub use gpu::{CacheSize, Gpu};

//! Workers that execute: ResNets on this machine's processor by candle, behind the
//! trait that emulated GPUs have.
//!
//! A worker holds an [`Image`] of each variety's weights in the host's memory.
//! [`ExecDevice`] copies them to its own when it is told to, executes with what it
//! copied, and gives it back. [`measure`] makes the table that the controller is
//! told, on the machine itself.
//!
//! candle and its matrix products take as many threads as `RAYON_NUM_THREADS` says,
//! or all cores; several devices of a process share them.

mod architecture;
mod arena;
mod device;
mod image;
mod lane;
mod measure;
mod network;
mod source;

#[cfg(test)]
mod tests;

pub use architecture::Architecture;
pub use device::{ExecDevice, Report};
pub use image::Image;
pub use measure::{BATCH_SIZES, measure};
pub use network::{Network, Place};

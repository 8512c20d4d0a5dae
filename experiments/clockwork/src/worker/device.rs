//! What a GPU can be asked to do, and how long that keeps it busy.

use crate::{models::Variety, time::Nanos};

/// A GPU. Each method begins something, and says how long it will take.
pub trait Device {
    /// Copies weights from the host's memory.
    fn load(&mut self, variety: &Variety) -> Nanos;

    /// Executes a batch, of a size that the variety was compiled for.
    fn execute(&mut self, variety: &Variety, batch_size: u32) -> Nanos;

    /// Copies a batch's inputs from the host's memory.
    fn copy_input(&mut self, variety: &Variety, batch_size: u32) -> Nanos;

    /// Copies a batch's outputs to the host's memory.
    fn copy_output(&mut self, variety: &Variety, batch_size: u32) -> Nanos;

    /// Its clock at the moment, in MHz.
    fn clock_mhz(&mut self) -> u32;
}

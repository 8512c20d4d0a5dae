//! The client machine: uploads, and the training run with its records.

mod load;
mod train;

pub use load::load;
pub use train::{EpochLoss, Training, TrainingRun, train};

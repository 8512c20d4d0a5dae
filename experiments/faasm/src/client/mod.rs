//! The client machine: uploads, and the calls it measures.

mod call;
mod load;
mod multiply;
mod train;

pub use call::Watch;
pub use load::{State, load};
pub use multiply::{Multiplication, MultiplicationRun, multiply};
pub use train::{EpochLoss, Training, TrainingRun, train};

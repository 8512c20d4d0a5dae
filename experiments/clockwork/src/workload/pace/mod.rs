//! When users ask of their own accord, and when they ask because they were answered.

mod bursts;
mod closed;
mod open;

pub(super) use bursts::{ClosedBursts, OpenBursts};
pub(super) use closed::ClosedLoop;
pub(super) use open::{Open, Regular};

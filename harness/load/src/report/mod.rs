//! What a load says of itself: one JSON document.

mod document;
mod quantiles;

pub use document::{Floor, Lag, LoopKind, Origin, Report, Waited};
pub use quantiles::{Quantiles, RANK};

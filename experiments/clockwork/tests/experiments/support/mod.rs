//! What several experiments share.

pub(crate) mod quantity;
pub(crate) mod simulation;
pub(crate) mod trace;

//! What several experiments share.

pub(crate) mod foreign;
pub(crate) mod groups;
pub(crate) mod quantity;
pub(crate) mod span;
pub(crate) mod system;
pub(crate) mod trace;

//! What the experiments share.

pub(crate) mod billing;
pub(crate) mod deployment;
pub(crate) mod inference;
pub(crate) mod results;

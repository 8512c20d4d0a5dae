//! The flat format: a network as a guest maps it, without a parser's work.

mod layout;
mod read;
mod write;

pub(crate) use layout::MAGIC;

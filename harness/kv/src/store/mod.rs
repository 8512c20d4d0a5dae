//! The data of the server: a synchronous state machine that is told the time.

mod glob;
mod keyspace;
mod value;
mod waiters;

pub(crate) use glob::glob_matches;
pub(crate) use keyspace::{Store, UnixMillis, WrongType};
pub(crate) use value::{Hash, Item, List, Set, Text};
pub(crate) use waiters::{ClientId, End, Served};

//! The commands of the server: what each does to the store, and its reply.

mod call;
mod hashes;
mod keys;
mod lists;
mod refusal;
mod script;
mod session;
mod sets;
mod strings;
mod table;

pub(crate) use call::{Flow, Session, run};

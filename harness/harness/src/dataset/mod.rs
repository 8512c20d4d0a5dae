//! Data sets: where they come from, and the cache of what was prepared.

mod cache;
pub(crate) mod depot;
mod digest;
mod fetch;
mod set;

pub use cache::{Cache, Entry, original_key};
pub use digest::digest_file;
pub use fetch::fetch;
pub use set::{About, DataKind, DataSet, DataUsed};

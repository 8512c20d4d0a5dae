//! Two-tier state: values in this process, backed by the global tier (§5.1 of the spec).

mod global_lock;
mod local_lock;
mod mask;
mod ranges;
mod tier;
mod value;

pub use local_lock::{Access, LocalLock, StillLocked};
pub use ranges::ByteRanges;
pub use tier::LocalTier;
pub use value::Value;

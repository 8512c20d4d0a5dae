//! Wasm guests: limits, snapshots, copy-on-write start, shared memory regions.
//!
//! A [`Sandbox`] compiles a module into a [`Program`], a [`Linker`] gives it host
//! functions and turns it into a [`Prepared`] program, and that starts any number
//! of [`Guest`]s, each in a slot of its own. A [`Region`] is memory of the host
//! that host functions attach to guests, which then share its bytes.

mod attachments;
mod clock;
mod error;
mod guest;
mod host;
mod huge_pages;
mod linker;
mod racing;
mod region;
mod sandbox;
mod snapshot;
mod tenant;
mod ticker;

pub use clock::{Limit, Stopper};
pub use error::{CallError, OutOfBounds};
pub use guest::{Guest, Prepared};
pub use host::Host;
pub use linker::{HostFn, Linker};
pub use region::Region;
pub use sandbox::{MAPPINGS_PER_GUEST, Program, Sandbox, Settings};

//! What whole hosts use, as the resources of a public cloud are billed.

mod bill;
mod kernel;
mod reading;

pub use bill::HostBill;
pub use kernel::{Processors, Transfer};
pub use reading::HostReading;
#[cfg(feature = "docker")]
pub(crate) use reading::this_machine;

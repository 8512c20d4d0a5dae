//! What this executable does when it is started again to help a driver: the
//! reaper of a run, or a duty among an instance's own resources.

#[cfg(feature = "docker")]
mod duty;
mod entry;
#[cfg(feature = "docker")]
mod step;

#[cfg(feature = "docker")]
pub(crate) use duty::{DUTY_VARIABLE, Duty, FULL, LISTENING};
pub use entry::run_if_asked;
#[cfg(feature = "docker")]
pub(crate) use step::{Outcome, Step};

//! What every role's process shares: its HTTP endpoint, its shutdown and its
//! byte counters.
//!
//! A role is one process. It binds what it was told to bind, answers
//! `/healthz`, `/readyz` and `/metrics` beside its own routes, and leaves on
//! SIGTERM. Nothing here knows which system the role belongs to.

mod endpoint;
mod meter;
mod shutdown;

pub use endpoint::{Endpoint, Readiness};
pub use meter::{Meter, Metered, NetworkBytes};
pub use shutdown::{listen_for_shutdown, shutdown_signal};

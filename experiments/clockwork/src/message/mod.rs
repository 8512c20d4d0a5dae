//! What clients, the controller and workers say to each other.

mod action;
mod ids;
mod request;
mod status;

pub use action::{Action, ActionKind, ActionResult, Timing};
pub use ids::{GpuId, ModelId};
pub use request::{Request, Response};
pub use status::{ActionStatus, ClientStatus};

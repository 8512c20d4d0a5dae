//! The services of the gateway: replicas that come by themselves and say which
//! service is theirs, and processes that it starts.

mod processes;
mod registered;
mod registry;
mod routes;

pub use processes::ProcessService;
pub use registered::RegisteredReplicas;
pub use registry::{Registration, Registry};
pub use routes::registry_routes;

//! The controller's decisions: what is loaded where, what is executed when, and
//! what is answered. Nothing here has a clock or a socket.

mod answer;
mod best_effort;
mod cache;
mod demand;
mod estimate;
mod event;
mod fleet;
mod in_flight;
mod infer4;
mod loss;
mod model;
mod model_list;
mod policy;
#[cfg(test)]
mod properties;
mod queue;
mod settings;
#[cfg(test)]
mod testing;
mod tracker;

pub use event::{Effect, Event, Scheduler};
pub use infer4::Infer4;
pub use policy::Policy;
pub use settings::{Cluster, ServedModel, Settings};

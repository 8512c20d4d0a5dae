//! An HTTP function gateway: routing by host, concurrency limits, scaling from
//! and to zero, cold-start labels.
//!
//! The decisions are in [`core`], a state machine without I/O; the rest drives
//! it from HTTP requests, replicas and the clock.

pub mod core;

mod config;
mod gateway;
mod http;
mod record;
mod replicas;
mod service;
mod ticket;

pub use config::{DEFAULT_MAX_QUEUED, DEFAULT_STABLE_WINDOW, Scaling, ServiceConfig};
pub use gateway::Gateway;
pub use http::requested_host;
pub use record::{Decision, NoObserver, Observer, RequestLog, RequestRecord};
pub use replicas::{FixedReplicas, ProcessReplicas, Replicas, Started};

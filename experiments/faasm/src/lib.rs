//! Faasm, re-implemented: its two-tier state, its scheduler and its two isolations.

pub mod client;
pub mod faaslet;
pub mod functions;
pub mod host;
pub mod http;
pub mod matrices;
pub mod message;
pub mod native;
pub mod overheads;
pub mod rcv1;
pub mod results;
pub mod roles;
pub mod scheduler;
pub mod services;
pub mod state;

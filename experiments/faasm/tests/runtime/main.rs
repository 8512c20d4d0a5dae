//! The runtime end to end: an embedded state tier, real guests, both isolations.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod cold_starts;
mod global;
mod http;
mod interface;
mod mat_mul;
mod mobilenet;
mod native;
mod scheduling;
mod sgd;
mod state;
mod wasm;
mod workers;

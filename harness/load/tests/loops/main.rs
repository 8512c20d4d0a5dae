//! The generator against servers of which the behaviour is known.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod against;
mod counted;
mod disturbances;
mod stopped;

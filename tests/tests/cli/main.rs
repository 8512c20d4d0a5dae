//! The command line as a person meets it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

#[cfg(feature = "local")]
mod data;
mod housekeeping;
mod overview;
#[cfg(feature = "local")]
mod refusals;
#[cfg(feature = "local")]
mod telemetry;
mod xtask;

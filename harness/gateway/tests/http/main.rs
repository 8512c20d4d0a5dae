//! The gateway over HTTP, in front of replicas on loopback.
//!
//! Nothing waits for time to pass: a test waits until the gateway's numbers are
//! what it has brought about, and a replica answers when the test lets it.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test, in helpers too")]

mod failures;
mod holding;
mod passing;
mod records;
mod scaling;
mod support;

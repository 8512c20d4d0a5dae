//! The Cargo that runs these tests.

use std::ffi::OsString;

/// The program to call, so that a nested Cargo is of the same release.
#[must_use]
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

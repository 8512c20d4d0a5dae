//! The life of a run, tried with a toy system: its files, its snapshot, its
//! errors, and that nothing is left however it ends.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]
#![cfg_attr(
    not(feature = "local"),
    expect(unused_imports, reason = "without a target only the listing is tried")
)]

#[expect(dead_code, reason = "it serves another suite too")]
mod support;

#[cfg(feature = "local")]
mod foreign;
#[cfg(feature = "local")]
mod full_disk;
#[cfg(feature = "local")]
mod interrupts;
#[cfg(feature = "local")]
mod leaks;
mod listing;
#[cfg(feature = "local")]
mod noise;
#[cfg(feature = "local")]
mod plain;
#[cfg(feature = "local")]
mod readiness;
#[cfg(feature = "local")]
mod report;
#[cfg(feature = "local")]
mod snapshots;
#[cfg(feature = "local")]
mod usage_errors;
#[cfg(feature = "local")]
mod validity;

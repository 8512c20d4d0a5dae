//! What a guest can do, what it cannot, and what it leaves behind: nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod calls;
mod isolation;
mod limits;
mod programs;
mod regions;
mod snapshots;
mod support;

//! Who may import whom, and what the light crates never pull in.
#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod imports;
mod weight;

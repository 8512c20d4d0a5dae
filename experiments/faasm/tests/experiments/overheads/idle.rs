//! Memory of idle instances, from what the testbed says of their usage.

use anyhow::Context as _;
use faasm::overheads::{Memory, Reading};
use harness::Usage;

/// The mean memory of the instances between two readings of their usage.
///
/// # Errors
/// If there is no instance.
pub(super) fn memory(before: &[Usage], after: &[Usage]) -> anyhow::Result<Memory> {
    let source = &after.first().context("there is no instance")?.memory_source;
    let mut bytes = 0.0;
    for (before, after) in before.iter().zip(after) {
        let watched_s = after.lifetime_s - before.lifetime_s;
        bytes += (after.memory_byte_s - before.memory_byte_s) / watched_s;
    }
    let none = Reading { n_idle: 0, bytes: 0, rss_bytes: None };
    let all = Reading { n_idle: after.len() as u64, bytes: bytes as u64, rss_bytes: None };
    Ok(Memory { source: source.clone(), readings: vec![none, all] })
}

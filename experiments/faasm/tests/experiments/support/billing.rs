//! What the function instances are billed for, as the original sums it over its hosts.

use anyhow::Context as _;
use harness::Usage;

/// Bytes that the instances sent and received between two readings.
pub(crate) fn network_bytes(before: &[Usage], after: &[Usage]) -> anyhow::Result<u64> {
    Ok(counted(after)? - counted(before)?)
}

/// Peak memory of the instances, summed.
pub(crate) fn memory_peak_bytes(after: &[Usage]) -> u64 {
    after.iter().map(|usage| usage.memory_peak_bytes).sum()
}

fn counted(usages: &[Usage]) -> anyhow::Result<u64> {
    usages
        .iter()
        .map(|usage| {
            let network = usage
                .network
                .with_context(|| format!("{} does not count its network bytes", usage.instance))?;
            Ok(network.sent_bytes + network.received_bytes)
        })
        .sum()
}

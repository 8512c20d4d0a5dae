//! What an instance uses is seen, against work that is known.

use anyhow::{bail, ensure};
use targets::host::HostReading;

use crate::{
    promise::{Promise, promise},
    run::{PATIENCE, Run},
    toy::{ask, deeds, store},
};

const MIB: u64 = 1 << 20;

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("processor_time_is_that_of_the_work", processor_time),
        promise("memory_is_that_which_is_held_and_is_integrated", memory),
        promise("network_bytes_are_those_of_the_answers", network),
        promise("a_host_has_used_what_its_instances_have", host),
        promise("usage_is_still_there_after_the_end", after_end),
    ]
}

async fn processor_time(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let before = testbed.usage(&server).await?;
    ask(&server, "burn 0.5").await?;
    let after = testbed.usage(&server).await?;
    let burnt_s = after.cpu_s - before.cpu_s;
    ensure!((0.48..0.7).contains(&burnt_s), "{before:?} {after:?}");
    ensure!(after.lifetime_s >= before.lifetime_s + 0.5, "{before:?} {after:?}");
    testbed.tear_down().await
}

async fn memory(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let before = testbed.usage(&server).await?;
    ask(&server, "hold 64").await?;
    ask(&server, "burn 0.3").await?;
    let after = testbed.usage(&server).await?;
    let grown_bytes = after.memory_peak_bytes - before.memory_peak_bytes;
    ensure!((60 * MIB..72 * MIB).contains(&grown_bytes), "{before:?} {after:?}");
    // At least what was held for as long as the processor burnt.
    let least = 0.3 * 64.0 * MIB as f64;
    let most = after.memory_peak_bytes as f64 * after.lifetime_s;
    let integrated = after.memory_byte_s;
    ensure!((least * 0.9..most).contains(&integrated), "{after:?}");
    ensure!(after.n_samples > before.n_samples, "{before:?} {after:?}");
    testbed.tear_down().await
}

async fn network(run: &Run) -> anyhow::Result<()> {
    const N_BYTES: u64 = 4_000_000;
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    ensure!(ask(&server, &format!("bytes {N_BYTES}")).await?.len() as u64 == N_BYTES);
    let usage = testbed.usage(&server).await?;
    let plausible = N_BYTES..N_BYTES + N_BYTES / 10;
    let counted = usage.network.expect("it answers /metrics");
    ensure!(plausible.contains(&counted.sent_bytes), "{counted:?}");
    ensure!((20..N_BYTES / 10).contains(&counted.received_bytes), "{counted:?}");
    if let Some(frames) = usage.interface {
        // With headers, and with what TCP sent again on a busy machine.
        ensure!((N_BYTES..2 * N_BYTES).contains(&frames.sent_bytes), "{frames:?}");
        ensure!(frames.received_bytes > counted.received_bytes, "{frames:?}");
    }
    testbed.tear_down().await
}

async fn host(run: &Run) -> anyhow::Result<()> {
    const N_BYTES: u64 = 4_000_000;
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let before = testbed.hosts().await?;
    ask(&server, "burn 0.5").await?;
    ask(&server, &format!("bytes {N_BYTES}")).await?;
    let after = testbed.hosts().await?;
    let ([before], [after]) = (before.as_slice(), after.as_slice()) else {
        bail!("one machine is no single host: {before:?} {after:?}");
    };
    ensure!(before.host == after.host, "{before:?} {after:?}");
    // The machine may do more beside, but the kernel counts in ticks of 10 ms.
    let busy_s = |host: &HostReading| host.processors.user_s + host.processors.system_s;
    ensure!(busy_s(after) - busy_s(before) > 0.45, "{before:?} {after:?}");
    // What an instance with a network of its own sends, its host receives.
    let passed_bytes = |host: &HostReading| host.network.sent_bytes + host.network.received_bytes;
    ensure!(passed_bytes(after) - passed_bytes(before) >= N_BYTES, "{before:?} {after:?}");
    ensure!(after.memory_used_bytes > MIB, "{after:?}");
    testbed.tear_down().await
}

async fn after_end(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let job = testbed.start(&deeds(&["hold 32", "burn 0.5"])).await?;
    testbed.finished(&job, PATIENCE).await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    ask(&server, "burn 0.3").await?;
    testbed.stop(&server).await?;
    testbed.tear_down().await?;
    let (job, server) = (testbed.usage(&job).await?, testbed.usage(&server).await?);
    // What a job did after the last look, a sampling interval ago, may be lost.
    ensure!((0.3..0.8).contains(&job.cpu_s), "{job:?}");
    ensure!(job.memory_peak_bytes > 32 * MIB && job.memory_byte_s > 0.0, "{job:?}");
    ensure!((0.28..0.6).contains(&server.cpu_s), "{server:?}");
    ensure!(server.network.is_some(), "{server:?}");
    Ok(())
}

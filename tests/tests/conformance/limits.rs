//! Limits hold.

use anyhow::ensure;
use targets::role::{Resources, RoleSpec};

use crate::{
    ending::casualties,
    place::Need,
    promise::{Promise, promise},
    run::Run,
    toy::{ask, store},
};

const MIB: u64 = 1 << 20;

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("a_memory_limit_is_enforced", memory).needing(Need::Limits),
        promise("a_processor_limit_is_enforced", processors).needing(Need::Limits),
        promise("a_disk_limit_is_enforced", disk).needing(Need::DiskLimits),
    ]
}

fn limited(resources: Resources) -> RoleSpec {
    RoleSpec { resources, ..store() }
}

async fn memory(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let limit = Resources { memory_bytes: Some(96 * MIB), ..Resources::default() };
    let server = testbed.start(&limited(limit)).await?;
    testbed.ready(&server).await?;
    ask(&server, "hold 32").await?;
    ensure!(ask(&server, "hold 256").await.is_err(), "it was killed");
    let casualties = casualties(testbed.as_ref()).await?;
    ensure!(casualties.len() == 1 && casualties[0].how.contains("killed"), "{casualties:?}");
    let usage = testbed.usage(&server).await?;
    // Pages of the program's file may be charged to others who run it.
    ensure!(usage.memory_peak_bytes < 128 * MIB, "{usage:?}");
    testbed.tear_down().await
}

async fn processors(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let limit = Resources { cpus: Some(0.25), ..Resources::default() };
    let server = testbed.start(&limited(limit)).await?;
    testbed.ready(&server).await?;
    let before = testbed.usage(&server).await?;
    ask(&server, "spin 2").await?;
    let used_s = testbed.usage(&server).await?.cpu_s - before.cpu_s;
    // A quarter of two seconds, and what the last period may overdraw.
    ensure!((0.1..0.75).contains(&used_s), "{used_s} s of a processor");
    testbed.tear_down().await
}

async fn disk(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let limit = Resources { disk_bytes: Some(MIB), ..Resources::default() };
    let server = testbed.start(&limited(limit)).await?;
    testbed.ready(&server).await?;
    ask(&server, &format!("write small {}", "x".repeat(1 << 16))).await?;
    let refused = ask(&server, &format!("write large {}", "x".repeat(3 << 19))).await;
    let refused = format!("{:?}", refused.err());
    ensure!(refused.contains("No space left on device"), "{refused}");
    testbed.tear_down().await
}

//! Faults are in force when they are said to be, and undone when that is said.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use targets::{
    fault::BitRate,
    role::{Instance, Resources, RoleSpec},
    target::Testbed,
};

use crate::{
    place::Need,
    promise::{Promise, promise},
    run::Run,
    toy::{ask, store},
};

const MIB: u64 = 1 << 20;

/// How long the frozen are watched not to answer.
const FROZEN: Duration = Duration::from_millis(500);

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("a_kill_ends_an_instance_and_is_no_casualty", kill),
        promise("the_paused_do_not_answer_and_the_resumed_do", pause),
        promise("the_restarted_are_at_the_same_address_with_their_files", restart),
        promise("a_full_disk_takes_nothing_and_a_freed_one_does", fill_disk)
            .needing(Need::DiskLimits),
        promise("a_cut_parts_two_instances_and_no_others", partition).needing(Need::Network),
        promise("the_throttled_send_slowly", throttle).needing(Need::Network),
        promise("the_delayed_answer_later", delay).needing(Need::Network),
    ]
}

async fn stores<const N: usize>(testbed: &dyn Testbed) -> anyhow::Result<[Instance; N]> {
    let mut started = Vec::new();
    for _ in 0..N {
        let instance = testbed.start(&store()).await?;
        testbed.ready(&instance).await?;
        started.push(instance);
    }
    Ok(started.try_into().expect("so many were started"))
}

async fn kill(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [server] = stores(testbed.as_ref()).await?;
    testbed.kill().context("a power of every target")?.kill(&server).await?;
    ensure!(ask(&server, "echo still there").await.is_err());
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

async fn pause(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [server] = stores(testbed.as_ref()).await?;
    let power = testbed.pause().context("a power of every target")?;
    power.pause(&server).await?;
    let answer = tokio::time::timeout(FROZEN, ask(&server, "echo awake")).await;
    ensure!(answer.is_err(), "the frozen said {answer:?}");
    power.resume(&server).await?;
    ensure!(ask(&server, "echo awake").await? == "awake");
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

async fn restart(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [server] = stores(testbed.as_ref()).await?;
    ask(&server, "write note kept").await?;
    ask(&server, "hold 64").await?;
    ensure!(testbed.usage(&server).await?.memory_peak_bytes > 64 * MIB);
    testbed.restart().context("a power of every target")?.restart(&server).await?;
    testbed.ready(&server).await?;
    ensure!(ask(&server, "read note").await? == "kept");
    ensure!(testbed.casualties().await?.is_empty());
    // What it used in its first life is not forgotten.
    ensure!(testbed.usage(&server).await?.memory_peak_bytes > 64 * MIB);
    testbed.tear_down().await
}

async fn fill_disk(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let resources = Resources { disk_bytes: Some(4 * MIB), ..Resources::default() };
    let server = testbed.start(&RoleSpec { resources, ..store() }).await?;
    testbed.ready(&server).await?;
    let power = testbed.fill_disk().context("a power of every target")?;
    ask(&server, "write before 1").await?;
    power.fill(&server).await?;
    let refused = format!("{:?}", ask(&server, "write during 2").await);
    ensure!(refused.contains("No space left on device"), "{refused}");
    power.free(&server).await?;
    ask(&server, "write after 3").await?;
    testbed.collect(&server, &run.path("collected")).await?;
    let mut names = std::fs::read_dir(run.path("collected"))?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.retain(|name| name != "during");
    names.sort();
    ensure!(names == ["after", "before"], "{names:?}");
    testbed.tear_down().await
}

async fn partition(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [a, b, c] = stores(testbed.as_ref()).await?;
    let reach = async |from: &Instance, to: &Instance| {
        ask(from, &format!("reach {}", to.addresses["http"])).await
    };
    let power = testbed.partition().context("a power of this target")?;
    power.cut(&a, &b).await?;
    ensure!(reach(&a, &b).await.is_err() && reach(&b, &a).await.is_err(), "a cut parts both ways");
    for (from, to) in [(&a, &c), (&c, &a), (&b, &c), (&c, &b)] {
        reach(from, to).await?;
    }
    power.heal(&a, &b).await?;
    reach(&a, &b).await?;
    reach(&b, &a).await?;
    testbed.tear_down().await
}

async fn throttle(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [server] = stores(testbed.as_ref()).await?;
    let power = testbed.throttle().context("a power of this target")?;
    let answer_s = async || {
        let began = Instant::now();
        ask(&server, "bytes 2000000").await?;
        anyhow::Ok(began.elapsed().as_secs_f64())
    };
    power.throttle(&server, BitRate(8_000_000)).await?;
    let throttled_s = answer_s().await?;
    power.unthrottle(&server).await?;
    let free_s = answer_s().await?;
    // Two megabytes at one per second; a burst may pass at once.
    ensure!((1.5..6.0).contains(&throttled_s), "{throttled_s} s");
    ensure!(free_s < throttled_s / 2.0, "{free_s} s without, {throttled_s} s with the limit");
    testbed.tear_down().await
}

async fn delay(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let [a, b] = stores(testbed.as_ref()).await?;
    let power = testbed.delay().context("a power of this target")?;
    let fetch_s = async || {
        let began = Instant::now();
        ask(&a, &format!("fetch {}", b.addresses["http"])).await?;
        anyhow::Ok(began.elapsed().as_secs_f64())
    };
    let means = power.delay(&a, Duration::from_millis(150)).await?;
    let delayed_s = fetch_s().await?;
    power.undelay(&a).await?;
    let free_s = fetch_s().await?;
    ensure!(delayed_s >= 0.15 && free_s < 0.1, "{means:?}: {delayed_s} s, {free_s} s without");
    testbed.tear_down().await
}

//! Nothing is left, what is left anyway is found, and what is not ours stays.

use anyhow::ensure;
use targets::gc;

use crate::{
    leak,
    promise::{Promise, promise},
    run::{PATIENCE, Run},
    toy::{ask, deeds, store},
};

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("tearing_down_twice_is_tearing_down_once", twice),
        promise("after_a_teardown_the_listing_is_as_before", listing_as_before),
        promise("a_leak_that_no_ledger_knows_is_found_and_removed", leak_is_found),
    ]
}

async fn twice(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    testbed.start(&store()).await?;
    testbed.start(&deeds(&["wait"])).await?;
    testbed.tear_down().await?;
    testbed.tear_down().await
}

async fn listing_as_before(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    let job = testbed.start(&deeds(&["write out 1"])).await?;
    testbed.ready(&server).await?;
    testbed.finished(&job, PATIENCE).await?;
    ensure!(ask(&server, "crash").await.is_err());
    testbed.start(&store()).await?;
    ensure!(!run.audit().await?.is_clean(), "the audit sees what is there");
    testbed.tear_down().await?;
    let audit = run.audit().await?;
    ensure!(audit.leaks.is_empty(), "{audit:?}");
    Ok(())
}

async fn leak_is_found(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let planted = leak::plant(run, testbed.as_ref()).await?;
    testbed.tear_down().await?;
    let audit = run.audit().await?;
    let found: Vec<_> = audit.leaks.iter().map(|leak| leak.resource.clone()).collect();
    for leak in &planted {
        ensure!(found.iter().any(|it| it.name == *leak), "{leak} is not in {audit:?}");
    }
    let left = gc::remove_all(run.target.as_ref(), &run.ledger, &found).await;
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

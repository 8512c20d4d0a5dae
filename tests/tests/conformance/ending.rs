//! Instances end, by themselves or because somebody stops them, and each end
//! is seen for what it is.

use std::time::Duration;

use anyhow::ensure;
use targets::{
    role::Instance,
    target::{Casualty, Testbed},
    wait::{self, Interval},
};

use crate::{
    promise::{Promise, promise},
    run::{PATIENCE, Run, redact, refusal},
    toy::{ask, deeds, store},
};

/// How long a job that does not end is given.
const LIMIT: Duration = Duration::from_millis(500);

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("a_jobs_end_is_seen_and_is_no_casualty", job_ends),
        promise("a_jobs_failure_is_told_with_its_last_lines", job_fails),
        promise("a_job_that_outlasts_its_limit_is_given_up_with_its_last_lines", job_lasts),
        promise("a_crash_is_a_casualty", crash),
        promise("a_stop_is_no_casualty_and_asks_first", stop_asks),
        promise("a_stop_forces_those_who_do_not_listen", stop_forces),
    ]
}

async fn job_ends(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let job = testbed.start(&deeds(&["say done"])).await?;
    testbed.finished(&job, PATIENCE).await?;
    ensure!(testbed.log_tail(&job, 1).await? == "done");
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

async fn job_fails(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let job = testbed.start(&deeds(&["say trying", "fail out of luck"])).await?;
    let error = refusal(testbed.finished(&job, PATIENCE).await)?;
    // Once per target.
    insta::allow_duplicates! {
        insta::assert_snapshot!(redact(&error, run, &job), @"
        job-0 exited with code 1; its last lines ([run]/trial/job-0.log):
        trying
        out of luck
        ");
    }
    testbed.tear_down().await
}

async fn job_lasts(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let job = testbed.start(&deeds(&["wait"])).await?;
    is_waiting(run, &job).await?;
    let error = refusal(testbed.finished(&job, LIMIT).await)?;
    // Once per target.
    insta::allow_duplicates! {
        insta::assert_snapshot!(redact(&error, run, &job), @"
        gave up waiting for job-0 to finish after 500ms; its last lines ([run]/trial/job-0.log):
        waiting
        ");
    }
    testbed.tear_down().await
}

/// Returns once the instance has said so.
async fn is_waiting(run: &Run, instance: &Instance) -> anyhow::Result<()> {
    let log = run.path(&format!("trial/{}.log", instance.id));
    let says_so = || async { std::fs::read_to_string(&log).is_ok_and(|it| it == "waiting\n") };
    wait::until("the deed", PATIENCE, Interval::BACKING_OFF, says_so).await?;
    Ok(())
}

async fn crash(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let (server, other) = (testbed.start(&store()).await?, testbed.start(&store()).await?);
    testbed.ready(&server).await?;
    testbed.ready(&other).await?;
    ensure!(testbed.casualties().await?.is_empty());
    ensure!(ask(&server, "crash").await.is_err(), "the dead do not answer");
    let casualties = casualties(testbed.as_ref()).await?;
    let told: Vec<_> = casualties.iter().map(|it| (&*it.instance.id, &*it.how)).collect();
    ensure!(told == [("store-0", "killed by signal 9")], "{casualties:?}");
    testbed.tear_down().await
}

/// Those of a testbed that has some: a daemon may learn of a death a little
/// later than the network.
pub(crate) async fn casualties(testbed: &dyn Testbed) -> anyhow::Result<Vec<Casualty>> {
    let are_some = || async { !matches!(testbed.casualties().await, Ok(none) if none.is_empty()) };
    wait::until("a casualty", PATIENCE, Interval::BACKING_OFF, are_some).await?;
    testbed.casualties().await
}

async fn stop_asks(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    testbed.stop(&server).await?;
    ensure!(testbed.log_tail(&server, 1).await? == "leaving, as asked");
    ensure!(ask(&server, "echo still there").await.is_err());
    ensure!(testbed.casualties().await?.is_empty());
    testbed.stop(&server).await?;
    testbed.tear_down().await
}

async fn stop_forces(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    // It leaves once it has answered, and this it will never answer.
    let asked = server.clone();
    let waiting = tokio::spawn(async move { ask(&asked, "wait").await });
    is_waiting(run, &server).await?;
    testbed.stop(&server).await?;
    ensure!(waiting.await?.is_err() && ask(&server, "echo still there").await.is_err());
    ensure!(testbed.log_tail(&server, 1).await? == "waiting", "it was not to listen");
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

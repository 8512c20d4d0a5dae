//! Instances start as they are described, find each other, and say when they
//! are ready.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use targets::role::{Probe, RoleSpec};
use tokio::task::JoinSet;

use crate::{
    promise::{Promise, promise},
    run::{PATIENCE, Run, redact, refusal},
    toy::{ask, deeds, request, shy_store, store},
};

/// How long an instance that must not be ready is watched.
const WATCHED: Duration = Duration::from_millis(300);

/// How long an instance that never gets ready is given.
const UNREADY_FOR: Duration = Duration::from_millis(500);

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("an_instance_is_ready_only_once_its_probe_holds", ready_with_probe),
        promise("a_port_that_accepts_connections_can_be_the_probe", ready_with_port),
        promise("an_instance_that_is_never_ready_is_given_up_with_its_last_lines", never_ready),
        promise("an_exit_before_readiness_is_told_with_the_last_lines", exit_before_ready),
        promise("an_instance_is_reached_from_the_driver_and_from_others", reached),
        promise("addresses_ports_and_the_directory_are_filled_in", filled_in),
        promise("inputs_are_read_at_the_same_path", inputs),
        promise("several_instances_start_at_once", several_at_once),
        promise("a_program_that_is_missing_is_named_and_leaves_nothing", missing_program),
    ]
}

async fn ready_with_probe(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let shy = testbed.start(&shy_store()).await?;
    let address = shy.addresses["http"];
    let mut readiness = std::pin::pin!(testbed.ready(&shy));
    let early = tokio::time::timeout(WATCHED, &mut readiness).await;
    ensure!(early.is_err(), "it was said to be ready before it was: {early:?}");
    let asked = targets::wait::watch(targets::wait::Interval::BACKING_OFF, || async {
        request(address, "POST /ready", "").await.is_ok()
    });
    tokio::time::timeout(PATIENCE, asked).await?;
    readiness.await?;
    testbed.tear_down().await
}

async fn ready_with_port(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let probe = Probe::Tcp { port: "http".to_owned() };
    let shy = testbed.start(&RoleSpec { ready: probe, ..shy_store() }).await?;
    testbed.ready(&shy).await?;
    ensure!(request(shy.addresses["http"], "GET /readyz", "").await?.0 == 503);
    testbed.tear_down().await
}

async fn never_ready(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let spec = RoleSpec { ready_within: UNREADY_FOR, ..shy_store() };
    let shy = testbed.start(&spec).await?;
    let error = refusal(testbed.ready(&shy).await)?;
    // Once per target.
    insta::allow_duplicates! {
        insta::assert_snapshot!(redact(&error, run, &shy), @"
        gave up waiting for store-0 to answer /readyz on [http] after 500ms; its last lines ([run]/trial/store-0.log):
        shy
        ");
    }
    testbed.tear_down().await
}

async fn exit_before_ready(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let spec = RoleSpec {
        ports: vec!["http".to_owned()],
        ready: Probe::Tcp { port: "http".to_owned() },
        ..deeds(&["say looking for my data", "fail there is none"])
    };
    let job = testbed.start(&spec).await?;
    let error = refusal(testbed.ready(&job).await)?;
    // Once per target.
    insta::allow_duplicates! {
        insta::assert_snapshot!(redact(&error, run, &job), @"
        job-0 exited with code 1 before it was ready; its last lines ([run]/trial/job-0.log):
        looking for my data
        there is none
        ");
    }
    testbed.tear_down().await
}

async fn reached(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let (one, other) = (testbed.start(&store()).await?, testbed.start(&store()).await?);
    testbed.ready(&one).await?;
    testbed.ready(&other).await?;
    ensure!(ask(&one, "echo hello").await? == "hello");
    ask(&one, &format!("reach {}", other.addresses["http"])).await?;
    ask(&other, &format!("reach {}", one.addresses["http"])).await?;
    let job = testbed.start(&deeds(&[&format!("reach {}", one.addresses["http"])])).await?;
    testbed.finished(&job, PATIENCE).await?;
    testbed.tear_down().await
}

async fn filled_in(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let mut spec = deeds(&[
        "echo {addr:http} {port:http}",
        "write note kept",
        "read {dir}/note",
        "variable WHERE",
        "variable PLAIN",
    ]);
    spec.ports = vec!["http".to_owned()];
    spec.env.insert("WHERE".to_owned(), "at {addr:http} in {dir}".to_owned());
    spec.env.insert("PLAIN".to_owned(), "with {other} braces".to_owned());
    let job = testbed.start(&spec).await?;
    testbed.finished(&job, PATIENCE).await?;
    let said = testbed.log_tail(&job, 10).await?;
    let address = job.addresses["http"];
    let lines: Vec<&str> = said.lines().collect();
    let [listen, note, place, plain] = lines[..] else { anyhow::bail!("it said {said}") };
    ensure!(listen == format!("{address} {}", address.port()) && note == "kept", "{said}");
    let dir = place.strip_prefix(&format!("at {address} in "));
    ensure!(dir.is_some_and(|dir| dir.starts_with('/')), "{said}");
    ensure!(plain == "with {other} braces", "{said}");
    testbed.tear_down().await
}

async fn inputs(run: &Run) -> anyhow::Result<()> {
    let [folder, file] = ["inputs", "input"].map(|name| run.path(name));
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("nested"), "of a folder")?;
    std::fs::write(&file, "of a file")?;
    let testbed = run.testbed().await?;
    let read = |path: &std::path::Path| format!("read {}", path.display());
    let mut spec = deeds(&[&read(&folder.join("nested")), &read(&file)]);
    spec.inputs = vec![folder, file];
    let job = testbed.start(&spec).await?;
    testbed.finished(&job, PATIENCE).await?;
    ensure!(testbed.log_tail(&job, 2).await? == "of a folder\nof a file");
    testbed.tear_down().await
}

async fn several_at_once(run: &Run) -> anyhow::Result<()> {
    const N: usize = 5;
    let testbed = run.testbed().await?;
    let mut starting = JoinSet::new();
    for _ in 0..N {
        let testbed = Arc::clone(&testbed);
        starting.spawn(async move {
            let instance = testbed.start(&store()).await?;
            testbed.ready(&instance).await?;
            anyhow::Ok(instance)
        });
    }
    let mut started = starting.join_all().await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    started.sort_by(|one, next| one.id.cmp(&next.id));
    let ids: Vec<&str> = started.iter().map(|instance| instance.id.as_str()).collect();
    ensure!(ids == ["store-0", "store-1", "store-2", "store-3", "store-4"], "{ids:?}");
    for instance in &started {
        ensure!(ask(instance, &format!("echo {}", instance.id)).await? == instance.id);
    }
    testbed.tear_down().await
}

async fn missing_program(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let words = vec!["no-such-program".to_owned()];
    let program = targets::role::Program::Command { words, include: vec![] };
    let error = refusal(testbed.start(&RoleSpec { program, ..deeds(&[]) }).await)?;
    ensure!(error.contains("no-such-program") && error.contains("(hint: "), "{error}");
    testbed.tear_down().await
}

//! What a trial leaves behind is found, named and removed.

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use targets::{
    audit::{Audit, Leak, Listing},
    gc,
    ledger::Resource,
    role::RoleSpec,
    target::Target as _,
};
use tokio::sync::Mutex;

use crate::support::{
    PATIENCE, Run, cgroups_with, eventually, processes_of, shell, test, toy_server,
};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_tidy_trial_leaves_nothing", tidy),
        test("a_daemon_that_left_its_group_is_found_and_killed", daemon),
        test("a_daemon_that_hid_its_label_is_found_by_descent", hidden_daemon),
        test("a_listener_that_is_left_is_named_with_its_holder", listener),
        test("a_labelled_file_in_shared_memory_is_found_and_removed", shared_memory),
    ]
}

/// An orphan without a label is found by descent, by every audit of its driver:
/// these tests share a process, and so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs one job, tears down, and compares the listings.
async fn left_by(run: &Run, spec: &RoleSpec) -> anyhow::Result<Audit> {
    let before = run.target.listing(&run.label).await?;
    let testbed = run.testbed().await?;
    let instance = testbed.start(spec).await?;
    testbed.finished(&instance, PATIENCE).await?;
    testbed.tear_down().await?;
    Ok(Listing::compare(&before, &run.target.listing(&run.label).await?))
}

async fn clean(run: &Run, audit: &Audit) -> anyhow::Result<()> {
    let leaks: Vec<Resource> = audit.leaks.iter().map(|leak| leak.resource.clone()).collect();
    let resisting = gc::remove_all(&run.target, &run.ledger, &leaks).await;
    ensure!(resisting.is_empty(), "{resisting:?}");
    ensure!(processes_of(&run.label).is_empty());
    ensure!(cgroups_with(run.label.as_str()).is_empty());
    run.ledger.close()
}

fn leak_of_kind<'a>(audit: &'a Audit, kind: &str) -> anyhow::Result<&'a Leak> {
    let found = audit.leaks.iter().find(|leak| leak.resource.kind == kind);
    found.with_context(|| format!("no {kind} in {audit:?}"))
}

async fn tidy() -> anyhow::Result<()> {
    let _turn = TURN.lock().await;
    let run = Run::begin()?;
    let before = run.target.listing(&run.label).await?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["serve"])?).await?;
    testbed.ready(&server).await?;
    let during = run.target.listing(&run.label).await?;
    ensure!(!Listing::compare(&before, &during).is_clean(), "a running instance is seen");
    testbed.tear_down().await?;
    let after = run.target.listing(&run.label).await?;
    ensure!(
        Listing::compare(&before, &after).is_clean(),
        "{:?}",
        Listing::compare(&before, &after)
    );
    run.ledger.close()
}

async fn daemon() -> anyhow::Result<()> {
    let _turn = TURN.lock().await;
    let run = Run::begin()?;
    let script = "setsid sleep 1000 & echo $! > {dir}/pid; sleep 0.05";
    let audit = left_by(&run, &shell(script)).await?;
    let leak = leak_of_kind(&audit, "process")?;
    ensure!(leak.owner.contains("sleep 1000") && leak.age_s.is_some(), "{leak}");
    clean(&run, &audit).await
}

async fn hidden_daemon() -> anyhow::Result<()> {
    let _turn = TURN.lock().await;
    let run = Run::begin()?;
    let script = "env -i /bin/sh -c 'setsid sleep 1001 & sleep 0.05'";
    let audit = left_by(&run, &shell(script)).await?;
    let leak = leak_of_kind(&audit, "process")?;
    ensure!(leak.owner.contains("sleep 1001"), "{leak}");
    let pid: u32 = leak.resource.name.parse()?;
    clean(&run, &audit).await?;
    let status = || std::fs::read_to_string(format!("/proc/{pid}/stat"));
    eventually("its end", || !status().is_ok_and(|text| text.contains("(sleep) S"))).await
}

async fn listener() -> anyhow::Result<()> {
    let _turn = TURN.lock().await;
    let run = Run::begin()?;
    let this = std::env::current_exe()?.display().to_string();
    let mut spec = shell(&format!("setsid '{this}' toy serve {{addr:http}} & sleep 0.3"));
    spec.ports = vec!["http".to_owned()];
    let audit = left_by(&run, &spec).await?;
    let leak = leak_of_kind(&audit, "tcp-listener")?;
    ensure!(leak.owner.contains("toy serve"), "{leak}");
    clean(&run, &audit).await
}

async fn shared_memory() -> anyhow::Result<()> {
    let _turn = TURN.lock().await;
    let run = Run::begin()?;
    // The label in the name keeps it out of other runs' audits.
    let path = format!("/dev/shm/planted-reprise-{}", run.label);
    let audit = left_by(&run, &shell(&format!("echo x > {path}"))).await?;
    ensure!(leak_of_kind(&audit, "shm-file")?.resource.name == path, "{audit:?}");
    clean(&run, &audit).await?;
    ensure!(!std::path::Path::new(&path).exists());
    Ok(())
}

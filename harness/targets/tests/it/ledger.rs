//! The ledger survives torn lines and other versions' words.

use std::cell::RefCell;

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use targets::{
    ledger::{Contents, Ledger, Resource},
    registry::Registry,
};

use crate::support::{Run, eventually, refusal, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("what_is_intended_and_not_removed_is_outstanding", outstanding),
        test("a_detail_that_came_later_is_kept", later_detail),
        test("a_torn_last_line_is_tolerated", torn_line),
        test("a_torn_line_does_not_spoil_the_next", appending_after_a_torn_line),
        test("unknown_fields_and_events_are_tolerated", newer_words),
        test("a_ledger_in_use_is_refused", in_use),
        test("a_run_with_something_outstanding_does_not_end", unfinished),
        test("a_run_that_ended_leaves_the_registry", registry),
        test("a_resumed_run_continues_its_ledger", resumed),
    ]
}

async fn outstanding() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let (a, b) = (Resource::new("directory", "/a"), Resource::new("directory", "/b"));
    run.ledger.intend(&[a.clone(), b.clone()])?;
    run.ledger.created(&a)?;
    run.ledger.removed(&a)?;
    ensure!(Contents::read(run.ledger.path())?.outstanding == [b]);
    Ok(())
}

async fn later_detail() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let group = Resource::new("process-group", "x").with("first", 1);
    run.ledger.intend(std::slice::from_ref(&group))?;
    run.ledger.created(&Resource::new("process-group", "x").with("pid", 7))?;
    ensure!(Contents::read(run.ledger.path())?.outstanding == [group.with("pid", 7)]);
    Ok(())
}

async fn torn_line() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.ledger.intend(&[Resource::new("directory", "/a")])?;
    let text = std::fs::read_to_string(run.ledger.path())?;
    for torn in (0..text.len()).rev().take_while(|i| !text[..*i].ends_with("}\n")) {
        std::fs::write(run.path("torn.jsonl"), &text[..torn])?;
        let contents = Contents::read(&run.path("torn.jsonl"))?;
        ensure!(contents.headers.len() == 1, "cut at {torn}");
    }
    Ok(())
}

async fn appending_after_a_torn_line() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let path = run.path("torn.jsonl");
    let header = std::fs::read_to_string(run.ledger.path())?;
    std::fs::write(&path, format!("{header}{{\"event\":\"intent\",\"ki"))?;
    let ledger = Ledger::reopen(&path, &Registry::in_dir(&run.path("other")))?;
    ledger.intend(&[Resource::new("directory", "/a")])?;
    ensure!(Contents::read(&path)?.outstanding.len() == 1);
    Ok(())
}

async fn newer_words() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let mut text = std::fs::read_to_string(run.ledger.path())?;
    text = text.replace("\"version\":1", "\"version\":9,\"colour\":\"red\"");
    text.push_str("{\"event\":\"intent\",\"kind\":\"moon-base\",\"name\":\"m\",\"crew\":[1]}\n");
    text.push_str("{\"event\":\"renamed\",\"kind\":\"directory\",\"name\":\"/a\"}\n");
    std::fs::write(run.path("newer.jsonl"), text)?;
    let contents = Contents::read(&run.path("newer.jsonl"))?;
    ensure!(contents.header().version == 9 && contents.n_unknown_lines == 1);
    ensure!(contents.outstanding == [Resource::new("moon-base", "m")]);
    Ok(())
}

async fn in_use() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let error = refusal(Ledger::reopen(run.ledger.path(), &run.registry()))?;
    ensure!(error.contains("another driver runs this run"), "{error}");
    Ok(())
}

async fn unfinished() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.ledger.intend(&[Resource::new("directory", "/a")])?;
    let error = refusal(run.ledger.close())?;
    ensure!(error.contains("directory `/a` and 0 more are not removed"), "{error}");
    ensure!(run.registry().runs()?.len() == 1);
    Ok(())
}

async fn registry() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let entered = run.registry().runs()?;
    ensure!(entered.len() == 1 && entered[0].label == run.label, "{entered:?}");
    ensure!(entered[0].ledger == run.ledger.path());
    run.ledger.close()?;
    ensure!(run.registry().runs()?.is_empty());
    Ok(())
}

async fn resumed() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let (path, registry, label) = (run.ledger.path().to_owned(), run.registry(), run.label);
    run.ledger.close()?;
    drop(run.ledger);
    let again = RefCell::new(None);
    // A child that another test has just forked may hold it for a moment.
    eventually("the ledger", || {
        *again.borrow_mut() = Ledger::reopen(&path, &registry).ok();
        again.borrow().is_some()
    })
    .await?;
    let again = again.into_inner().context("it was reopened")?;
    ensure!(*again.label() == label && registry.runs()?.len() == 1);
    let contents = Contents::read(&path)?;
    ensure!(contents.headers.len() == 2 && !contents.ended);
    Ok(())
}

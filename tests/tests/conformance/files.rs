//! What an instance prints and writes is kept.

use std::path::Path;

use anyhow::ensure;

use crate::{
    promise::{Promise, promise},
    run::{PATIENCE, Run},
    toy::{ask, deeds, store},
};

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("what_an_instance_prints_is_kept_in_order", log),
        promise("files_are_collected_after_the_end_and_nothing_else", collected_after_end),
        promise("files_are_collected_while_an_instance_runs_and_after_it_was_stopped", collected),
    ]
}

async fn log(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let said: Vec<String> = (0..200).map(|n| format!("say line {n}")).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let job = testbed.start(&deeds(&said)).await?;
    testbed.finished(&job, PATIENCE).await?;
    ensure!(testbed.log_tail(&job, 2).await? == "line 198\nline 199");
    let whole = std::fs::read_to_string(run.path("trial/job-0.log"))?;
    let numbers = whole.lines().enumerate();
    let n_in_order = numbers.filter(|(n, line)| *line == format!("line {n}")).count();
    ensure!(n_in_order == 200, "{whole}");
    testbed.tear_down().await
}

async fn collected_after_end(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let job = testbed.start(&deeds(&["write out 7", "write sub/deep 8"])).await?;
    testbed.finished(&job, PATIENCE).await?;
    testbed.collect(&job, &run.path("collected")).await?;
    ensure!(files(&run.path("collected"), "")? == ["out: 7", "sub/deep: 8"]);
    testbed.tear_down().await
}

async fn collected(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    ask(&server, "write early 1").await?;
    testbed.collect(&server, &run.path("early")).await?;
    ask(&server, "write late 2").await?;
    testbed.stop(&server).await?;
    testbed.collect(&server, &run.path("late")).await?;
    ensure!(files(&run.path("early"), "")? == ["early: 1"]);
    ensure!(files(&run.path("late"), "")? == ["early: 1", "late: 2"]);
    testbed.tear_down().await
}

/// All files below a directory, `path: content`, sorted.
fn files(dir: &Path, prefix: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().display());
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), &format!("{name}/"))?);
        } else {
            found.push(format!("{name}: {}", std::fs::read_to_string(entry.path())?));
        }
    }
    found.sort();
    Ok(found)
}

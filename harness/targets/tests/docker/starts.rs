//! A start that fails leaves nothing.

use std::fs;

use anyhow::ensure;
use libtest_mimic::Trial;

use crate::{
    faults::{containers, peer},
    support::{Run, refusal, test},
};

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("an_instance_whose_log_cannot_be_written_is_not_started", unwritable_log)]
}

async fn unwritable_log() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        fs::create_dir(run.root.path().join("trial/worker-0.log"))?;
        let message = refusal(testbed.start(&peer()?).await)?;
        ensure!(message.starts_with("create the log "), "{message}");
        ensure!(containers(&run).await?.is_empty(), "{:?}", containers(&run).await?);
        Ok(())
    })
    .await?;
    run.ledger.close()
}

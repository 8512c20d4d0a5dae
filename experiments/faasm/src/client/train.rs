//! A training run: the call, its polls, its losses.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use hyper::Method;
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use crate::{
    http::{FLUSH_PATH, HttpClient, Origin},
    message::{CallId, Function, Invocation, Request},
};

const POLL_EVERY_MIN: Duration = Duration::from_millis(1);

/// What to train, and how closely to watch.
#[derive(Debug, Clone)]
pub struct Training {
    /// The function.
    pub function: Function,
    /// Parallel functions per epoch.
    pub workers: u32,
    /// Updates of a single weight between two pushes; negative never pushes.
    pub interval: i64,
    /// Passes over the documents.
    pub epochs: u32,
    /// Documents.
    pub documents: u32,
    /// Features.
    pub features: u32,
    /// Source of every shuffle.
    pub seed: u64,
    /// The longest time between two polls.
    pub poll_every: Duration,
    /// When to give up.
    pub limit: Duration,
}

/// What a run measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRun {
    /// From the call to the poll that found it done.
    pub training_s: f64,
    /// The loss after each epoch.
    pub losses: Vec<EpochLoss>,
}

/// The loss after one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochLoss {
    /// Seconds since the end of the first epoch.
    pub at_s: f64,
    /// Root of the summed hinge errors over root of the documents.
    pub loss: f64,
}

impl TrainingRun {
    /// The losses as a table with a header.
    #[must_use]
    pub fn losses_csv(&self) -> String {
        let rows = self.losses.iter().zip(1..);
        let rows = rows.map(|(at, epoch)| format!("{epoch},{},{}\n", at.at_s, at.loss));
        std::iter::once("epoch,seconds,loss\n".to_owned()).chain(rows).collect()
    }
}

/// Trains once, on local state that is cleared first, behind a gateway that of
/// every replica. The first of `targets` gets the call.
///
/// # Errors
/// If a target does not answer, the training fails, or it takes too long.
pub async fn train(
    client: &HttpClient,
    targets: &[Origin],
    training: &Training,
) -> anyhow::Result<TrainingRun> {
    let target = targets.first().context("there is no target to train on")?;
    for target in targets {
        let flushed = client.send(Method::POST, target, FLUSH_PATH, Bytes::new()).await?;
        flushed.success().context("clear the local state")?;
    }
    let began = Instant::now();
    let id = start(client, target, training).await?;
    let limit = training.limit;
    let polled = timeout(limit, poll(client, target, id, training.poll_every, began)).await;
    let output = polled.with_context(|| format!("the training did not end within {limit:?}"))??;
    let training_s = began.elapsed().as_secs_f64();
    let losses = parse_losses(&output)?;
    let (found, expected) = (losses.len(), training.epochs as usize);
    ensure!(found == expected, "the training reports {found} epochs of {expected}");
    Ok(TrainingRun { training_s, losses })
}

async fn start(
    client: &HttpClient,
    target: &Origin,
    training: &Training,
) -> anyhow::Result<CallId> {
    let Training { workers, interval, documents, features, epochs, seed, .. } = training;
    let call = Invocation {
        function: training.function.clone(),
        index: 0,
        input: format!("{workers} {interval} {documents} {features} {epochs}").into_bytes(),
        is_async: true,
        id: None,
        seed: *seed,
    };
    let answer = post(client, target, &Request::Call(call)).await.context("start the training")?;
    answer.trim().parse().with_context(|| format!("`{answer}` is no call id"))
}

async fn poll(
    client: &HttpClient,
    target: &Origin,
    id: CallId,
    poll_every: Duration,
    began: Instant,
) -> anyhow::Result<String> {
    loop {
        let status =
            post(client, target, &Request::Status(id)).await.context("poll the training")?;
        if let Some(output) = status.strip_prefix("SUCCESS: ") {
            return Ok(output.to_owned());
        }
        if let Some(reason) = status.strip_prefix("FAILED: ") {
            bail!("the training failed: {reason}");
        }
        ensure!(status == "RUNNING", "`{status}` is no status of a call");
        // Early polls come often: what is measured is late by 2 % at most.
        sleep(poll_every.min(began.elapsed() / 50).max(POLL_EVERY_MIN)).await;
    }
}

async fn post(client: &HttpClient, target: &Origin, request: &Request) -> anyhow::Result<String> {
    let body = Bytes::from(request.to_json());
    let body = client.send(Method::POST, target, "/", body).await?.success()?;
    String::from_utf8(body.to_vec()).context("the answer is not text")
}

/// Reads the guest's output: `SECONDS LOSS` per epoch, blank lines between.
fn parse_losses(output: &str) -> anyhow::Result<Vec<EpochLoss>> {
    let lines = output.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| parse_loss(line).with_context(|| format!("`{line}` is no loss"))).collect()
}

fn parse_loss(line: &str) -> Option<EpochLoss> {
    let (seconds, loss) = line.split_once(' ')?;
    Some(EpochLoss { at_s: seconds.parse().ok()?, loss: loss.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_line_per_epoch() {
        let losses = parse_losses("\n0.0000 0.7983\n\n1.2500 0.5012\n").unwrap();
        assert_eq!(losses[1], EpochLoss { at_s: 1.25, loss: 0.5012 });
        assert_eq!(losses.len(), 2);
    }

    #[test]
    fn another_output_is_an_error() {
        let error = parse_losses("done").unwrap_err();
        assert_eq!(error.to_string(), "`done` is no loss");
    }

    #[test]
    fn the_table_counts_epochs_from_one() {
        let losses = vec![EpochLoss { at_s: 0.0, loss: 0.8 }, EpochLoss { at_s: 0.5, loss: 0.6 }];
        let run = TrainingRun { training_s: 1.0, losses };
        assert_eq!(run.losses_csv(), "epoch,seconds,loss\n1,0,0.8\n2,0.5,0.6\n");
    }
}

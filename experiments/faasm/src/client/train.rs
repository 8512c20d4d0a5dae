//! A training run: the call and its losses.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::call::{Watch, call, flush};
use crate::{
    http::{HttpClient, Origin},
    message::{Function, Invocation},
};

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
    /// How closely to watch it.
    pub watch: Watch,
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
    flush(client, targets).await?;
    let answered = call(client, target, training.call(), training.watch).await?;
    let losses = parse_losses(&answered.output)?;
    let (found, expected) = (losses.len(), training.epochs as usize);
    ensure!(found == expected, "the training reports {found} epochs of {expected}");
    Ok(TrainingRun { training_s: answered.took_s, losses })
}

impl Training {
    fn call(&self) -> Invocation {
        let Self { workers, interval, documents, features, epochs, .. } = self;
        Invocation {
            function: self.function.clone(),
            index: 0,
            input: format!("{workers} {interval} {documents} {features} {epochs}").into_bytes(),
            is_async: true,
            id: None,
            seed: self.seed,
            cold_start_interval: None,
        }
    }
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

//! What a trial records: the run, and each execution beside its prediction.

use std::path::Path;

use anyhow::Context as _;
use clockwork::{
    message::{ActionKind, ActionStatus},
    roles::Observed,
    telemetry::{
        ActionRow,
        log::{named, read},
    },
};
use serde::{Deserialize, Serialize};

use crate::support::span::Span;

/// A trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// What it came to.
    pub(super) observed: Observed,
    /// What was executed after the lead-in.
    pub(super) executions: Vec<Execution>,
}

/// A batch that was executed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Execution {
    /// What the controller predicted.
    pub(super) predicted_ms: f64,
    /// How long it took.
    pub(super) took_ms: f64,
}

impl Execution {
    /// How much longer it took, as a share of the prediction.
    pub(super) fn error(&self) -> f64 {
        self.took_ms / self.predicted_ms - 1.0
    }
}

/// What the log of actions has that a controller left with its files.
pub(super) fn logged(files: &Path, span: &Span) -> anyhow::Result<Vec<Execution>> {
    let (_, logs) = named(files).pop().context("the controller has left no logs")?;
    let begin = logs.start()?.context("the controller's logs are empty")?;
    let from = begin + u64::try_from(span.lead_in.as_nanos())?;
    let mut executions = Vec::new();
    read(&logs.actions, |row: ActionRow| {
        let is_execution = matches!(row.kind, ActionKind::Infer { .. });
        if row.t >= from && is_execution && row.status == ActionStatus::Success {
            let ms = |nanos| nanos as f64 / 1e6;
            let predicted_ms = ms(row.expected_exec_duration);
            executions.push(Execution { predicted_ms, took_ms: ms(row.worker_exec_duration) });
        }
    })?;
    Ok(executions)
}

//! The controller's logs, aggregated while they come, and kept as files if they are
//! asked for.

use std::path::Path;

use anyhow::Context as _;

use super::window::WindowArgs;
use crate::{
    simulation::Log,
    telemetry::{
        ActionRow, Aggregate, RequestRow,
        log::{LogFiles, LogWriter},
    },
    time::Nanos,
};

/// Where rows go.
pub(super) struct Logs {
    aggregate: Aggregate,
    files: Option<Files>,
    begins: Begins,
}

/// When a run begins, from which windows count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begins {
    /// As virtual clocks do.
    AtZero,
    /// When the first request arrives.
    AtFirstArrival,
    /// Then.
    At(Nanos),
}

struct Files {
    requests: LogWriter<RequestRow>,
    actions: LogWriter<ActionRow>,
}

impl Logs {
    /// An aggregate of what the flags say, and every row in `files`, if they are given.
    pub(super) fn new(
        window: &WindowArgs,
        begins: Begins,
        files: Option<&LogFiles>,
    ) -> anyhow::Result<Self> {
        let mut aggregate = Aggregate::new(window.window()?);
        if let Some(groups) = &window.groups {
            aggregate.group_by(groups);
        }
        Ok(Self { aggregate, files: files.map(Files::create).transpose()?, begins })
    }

    /// A time since the run began.
    pub(super) fn since_begin(&self, t: Nanos) -> Nanos {
        match self.begins {
            Begins::At(begin) => t.saturating_sub(begin),
            Begins::AtZero | Begins::AtFirstArrival => t,
        }
    }

    /// Completes the files.
    pub(super) fn finish(self) -> anyhow::Result<Aggregate> {
        if let Some(Files { requests, actions }) = self.files {
            requests.finish().and_then(|()| actions.finish()).context("complete the logs")?;
        }
        Ok(self.aggregate)
    }
}

impl Files {
    fn create(paths: &LogFiles) -> anyhow::Result<Self> {
        let cannot = |path: &Path| format!("write the log {}", path.display());
        let requests =
            LogWriter::create(&paths.requests).with_context(|| cannot(&paths.requests))?;
        let actions = LogWriter::create(&paths.actions).with_context(|| cannot(&paths.actions))?;
        Ok(Self { requests, actions })
    }
}

impl Log for Logs {
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()> {
        if let Begins::AtFirstArrival = self.begins {
            self.begins = Begins::At(row.t - row.latency);
        }
        self.aggregate.request(&RequestRow { t: self.since_begin(row.t), ..*row });
        let Some(files) = &mut self.files else { return Ok(()) };
        files.requests.write(row).context("write the log of requests")
    }

    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()> {
        self.aggregate.action(&ActionRow { t: self.since_begin(row.t), ..*row });
        let Some(files) = &mut self.files else { return Ok(()) };
        files.actions.write(row).context("write the log of actions")
    }
}

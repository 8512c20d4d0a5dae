//! The controller's logs, aggregated while they come, and kept as files if they are
//! asked for.

use std::path::Path;

use anyhow::Context as _;

use crate::{
    simulation::Log,
    telemetry::{
        ActionRow, Aggregate, RequestRow, Window,
        log::{self, LogWriter},
    },
};

/// Where rows go.
pub(super) struct Logs {
    pub(super) aggregate: Aggregate,
    files: Option<Files>,
}

struct Files {
    requests: LogWriter<RequestRow>,
    actions: LogWriter<ActionRow>,
}

impl Logs {
    /// Only the aggregate.
    pub(super) fn aggregated(window: Window) -> Self {
        Self { aggregate: Aggregate::new(window), files: None }
    }

    /// The aggregate, and every row in compressed files in `dir`, under the names that
    /// the original's scripts collect logs by.
    pub(super) fn kept(window: Window, dir: &Path) -> anyhow::Result<Self> {
        let paths = log::LogFiles::of(dir, 1).compressed();
        let cannot = || format!("write logs into {}", dir.display());
        let files = Files {
            requests: LogWriter::create(&paths.requests).with_context(cannot)?,
            actions: LogWriter::create(&paths.actions).with_context(cannot)?,
        };
        Ok(Self { files: Some(files), ..Self::aggregated(window) })
    }

    /// Completes the files.
    pub(super) fn finish(self) -> anyhow::Result<Aggregate> {
        if let Some(Files { requests, actions }) = self.files {
            requests.finish().and_then(|()| actions.finish()).context("complete the logs")?;
        }
        Ok(self.aggregate)
    }
}

impl Log for Logs {
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()> {
        self.aggregate.request(row);
        let Some(files) = &mut self.files else { return Ok(()) };
        files.requests.write(row).context("write the log of requests")
    }

    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()> {
        self.aggregate.action(row);
        let Some(files) = &mut self.files else { return Ok(()) };
        files.actions.write(row).context("write the log of actions")
    }
}

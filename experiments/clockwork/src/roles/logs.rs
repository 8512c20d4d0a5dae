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
    /// When the request arrives that the log has first.
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

    /// A time since the run began; 0 before.
    pub(super) fn since_begin(&self, t: Nanos) -> Nanos {
        match self.begins {
            Begins::At(begin) => t.saturating_sub(begin),
            Begins::AtZero => t,
            Begins::AtFirstArrival => 0,
        }
    }

    fn begin_by(&mut self, t: Nanos) {
        if let Begins::AtFirstArrival = self.begins {
            self.begins = Begins::At(t);
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
        self.begin_by(row.t - row.latency);
        self.aggregate.request(&RequestRow { t: self.since_begin(row.t), ..*row });
        let Some(files) = &mut self.files else { return Ok(()) };
        files.requests.write(row).context("write the log of requests")
    }

    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()> {
        // Weights may be loaded before the first answer; what has them loaded came before.
        self.begin_by(row.t.saturating_sub(row.controller_action_duration));
        self.aggregate.action(&ActionRow { t: self.since_begin(row.t), ..*row });
        let Some(files) = &mut self.files else { return Ok(()) };
        files.actions.write(row).context("write the log of actions")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{
        message::{ActionKind, ActionStatus, ClientStatus, ModelId},
        time::{MILLISECOND, SECOND},
    };

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        window: WindowArgs,
    }

    const EPOCH: Nanos = 1_795_000_000 * SECOND;

    /// A LOAD that was sent as the first request came.
    fn load(t: Nanos) -> ActionRow {
        ActionRow {
            t,
            action_id: 1,
            kind: ActionKind::Load,
            status: ActionStatus::Success,
            worker_id: 0,
            gpu_id: 0,
            model: ModelId(0),
            expected_exec_duration: 8 * MILLISECOND,
            worker_exec_duration: 8 * MILLISECOND,
            expected_exec_complete: 9 * MILLISECOND,
            worker_exec_complete: 9 * MILLISECOND,
            expected_gpu_clock_mhz: 1380,
            worker_gpu_clock_before_mhz: 1380,
            worker_gpu_clock_mhz: 1380,
            worker_copy_output_complete: 9 * MILLISECOND,
            worker_action_received: 0,
            worker_result_sent: 9 * MILLISECOND,
            controller_result_enqueue: 10 * MILLISECOND,
            controller_action_duration: 10 * MILLISECOND,
            goodput: 8 * MILLISECOND,
            requests_queued: 1,
            copies_loaded: 0,
        }
    }

    fn request(t: Nanos) -> RequestRow {
        RequestRow {
            t,
            request_id: 0,
            result: ClientStatus::Success,
            user_id: 0,
            model: ModelId(0),
            slo_factor: 0.0,
            latency: 15 * MILLISECOND,
            deadline: 100 * MILLISECOND,
            arrival_count: 0,
            departure_count: 1,
        }
    }

    #[test]
    fn a_live_run_begins_with_the_first_request_though_weights_are_logged_before_it() {
        let flags = Flags::parse_from(["controller", "--bucket-s", "1"]);
        let mut logs = Logs::new(&flags.window, Begins::AtFirstArrival, None).unwrap();
        assert_eq!(logs.since_begin(EPOCH), 0);
        logs.action(&load(EPOCH + 10 * MILLISECOND)).unwrap();
        logs.request(&request(EPOCH + 15 * MILLISECOND)).unwrap();
        assert_eq!(logs.since_begin(EPOCH + SECOND), SECOND);
        let aggregate = logs.finish().unwrap();
        assert_eq!((aggregate.series().points.len(), aggregate.totals().actions()), (1, 1));
    }
}

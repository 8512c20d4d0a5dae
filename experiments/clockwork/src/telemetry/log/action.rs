//! A line of `clockwork_action_log.tsv`.

use std::fmt::Write as _;

use super::{
    fields::{FieldError, Fields},
    row::LogRow,
};
use crate::{
    message::{ActionKind, ActionStatus, ModelId},
    telemetry::ActionRow,
};

impl LogRow for ActionRow {
    const COLUMNS: &'static [&'static str] = &[
        "t",
        "action_id",
        "action_type",
        "status",
        "worker_id",
        "gpu_id",
        "model_id",
        "batch_size",
        "expected_exec_duration",
        "worker_exec_duration",
        "expected_exec_complete",
        "worker_exec_complete",
        "expected_gpu_clock",
        "worker_gpu_clock_before",
        "worker_gpu_clock",
        "worker_copy_output_complete",
        "worker_action_received",
        "worker_result_sent",
        "controller_result_enqueue",
        "controller_action_duration",
        "goodput",
        "requests_queued",
        "copies_loaded",
    ];

    fn format(&self, line: &mut String) {
        let fields = [
            self.t,
            self.action_id,
            self.action_type().into(),
            self.status.code().into(),
            self.worker_id.into(),
            self.gpu_id.into(),
            self.model.0.into(),
            self.batch_size().into(),
            self.expected_exec_duration,
            self.worker_exec_duration,
            self.expected_exec_complete,
            self.worker_exec_complete,
            self.expected_gpu_clock_mhz.into(),
            self.worker_gpu_clock_before_mhz.into(),
            self.worker_gpu_clock_mhz.into(),
            self.worker_copy_output_complete,
            self.worker_action_received,
            self.worker_result_sent,
            self.controller_result_enqueue,
            self.controller_action_duration,
            self.goodput,
            self.requests_queued.into(),
            self.copies_loaded.into(),
        ];
        for (index, field) in fields.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { "\t" };
            let _ = write!(line, "{separator}{field}");
        }
    }

    fn parse(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (t, action_id) = (fields.integer()?, fields.integer()?);
        let unsized_kind = kind(fields)?;
        let status = ActionStatus::from_code(fields.integer()?);
        let (worker_id, gpu_id) = (fields.integer()?, fields.integer()?);
        let model = ModelId(fields.integer()?);
        Ok(Self {
            t,
            action_id,
            kind: sized(unsized_kind, fields)?,
            status,
            worker_id,
            gpu_id,
            model,
            expected_exec_duration: fields.integer()?,
            worker_exec_duration: fields.integer()?,
            expected_exec_complete: fields.integer()?,
            worker_exec_complete: fields.integer()?,
            expected_gpu_clock_mhz: fields.integer()?,
            worker_gpu_clock_before_mhz: fields.integer()?,
            worker_gpu_clock_mhz: fields.integer()?,
            worker_copy_output_complete: fields.integer()?,
            worker_action_received: fields.integer()?,
            worker_result_sent: fields.integer()?,
            controller_result_enqueue: fields.integer()?,
            controller_action_duration: fields.integer()?,
            goodput: fields.integer()?,
            requests_queued: fields.integer()?,
            copies_loaded: fields.integer()?,
        })
    }
}

/// The kind, whose batch size is in a later field.
fn kind(fields: &mut Fields<'_>) -> Result<ActionKind, FieldError> {
    match fields.integer()? {
        1 => Ok(ActionKind::Load),
        2 => Ok(ActionKind::Infer { batch_size: 0 }),
        3 => Ok(ActionKind::Evict),
        code => Err(fields.error(format!("{code} is no type of action: 1 to 3 are"))),
    }
}

fn sized(kind: ActionKind, fields: &mut Fields<'_>) -> Result<ActionKind, FieldError> {
    match (kind, fields.integer()?) {
        (ActionKind::Infer { .. }, batch_size @ 1..) => Ok(ActionKind::Infer { batch_size }),
        (ActionKind::Load | ActionKind::Evict, 1) => Ok(kind),
        (_, batch_size) => Err(fields.error(format!("no such action has batch size {batch_size}"))),
    }
}

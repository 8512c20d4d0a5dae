//! A line of `clockwork_request_log.tsv`.

use std::fmt::Write as _;

use super::{
    fields::{FieldError, Fields},
    row::LogRow,
};
use crate::{
    message::{ClientStatus, ModelId},
    telemetry::RequestRow,
    time::Nanos,
};

/// What the original writes where a request has no deadline.
const NO_DEADLINE: &str = "-1";

impl LogRow for RequestRow {
    const COLUMNS: &'static [&'static str] = &[
        "t",
        "request_id",
        "result",
        "user_id",
        "model_id",
        "slo_factor",
        "latency",
        "deadline",
        "deadline_met",
        "arrival_count",
        "departure_count",
        "is_coldstart",
    ];

    fn format(&self, line: &mut String) {
        let Self { t, request_id, user_id, slo_factor, latency, .. } = self;
        let (result, model) = (self.result.code(), self.model.0);
        let _ = write!(line, "{t}\t{request_id}\t{result}\t{user_id}\t{model}\t{slo_factor}\t");
        let _ = match self.deadline {
            Nanos::MAX => write!(line, "{latency}\t{NO_DEADLINE}\t"),
            deadline => write!(line, "{latency}\t{deadline}\t"),
        };
        let (met, cold) = (u8::from(self.deadline_met()), u8::from(self.is_cold_start()));
        let (arrival, departure) = (self.arrival_count, self.departure_count);
        let _ = write!(line, "{met}\t{arrival}\t{departure}\t{cold}");
    }

    fn parse(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let mut row = Self {
            t: fields.integer()?,
            request_id: fields.integer()?,
            result: status(fields)?,
            user_id: fields.integer()?,
            model: ModelId(fields.integer()?),
            slo_factor: fields.factor()?,
            latency: fields.integer()?,
            deadline: deadline(fields)?,
            arrival_count: 0,
            departure_count: 0,
        };
        fields.flag(row.deadline_met())?;
        row.arrival_count = fields.integer()?;
        row.departure_count = fields.integer()?;
        fields.flag(row.is_cold_start())?;
        Ok(row)
    }
}

fn status(fields: &mut Fields<'_>) -> Result<ClientStatus, FieldError> {
    let code = fields.integer()?;
    let status = ClientStatus::from_code(code);
    status.ok_or_else(|| fields.error(format!("{code} is no status of a request")))
}

fn deadline(fields: &mut Fields<'_>) -> Result<Nanos, FieldError> {
    let text = fields.text()?;
    if text == NO_DEADLINE {
        return Ok(Nanos::MAX);
    }
    Fields::new(text)
        .integer()
        .map_err(|error| fields.error(format!("{} and not {NO_DEADLINE}", error.what)))
}

//! The rows of the two logs, with the columns of the original's.
//!
//! Two columns of the original mean something else in its code than in its
//! documentation: `t` is the time at which a request was answered, or the result
//! of an action received (documented: arrived, sent), and `goodput` of an action
//! is a time (documented: a fraction). Rows here follow the code, so that files of
//! the original and ours can be read alike.

use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    time::Nanos,
};

/// A row of `clockwork_request_log.tsv`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequestRow {
    /// When the request was answered.
    pub t: Nanos,
    /// The client's number for it.
    pub request_id: u64,
    /// How it went.
    pub result: ClientStatus,
    /// Which of the client's users asked.
    pub user_id: u32,
    /// The model that was asked.
    pub model: ModelId,
    /// The objective as a multiple of the execution time; 0 is the default.
    pub slo_factor: f32,
    /// From its arrival to its answer.
    pub latency: Nanos,
    /// Its deadline, from its arrival; [`Nanos::MAX`] if it has none (-1 in the log),
    /// 0 if it was past on arrival.
    pub deadline: Nanos,
    /// On how many GPUs the model was loaded when it arrived.
    pub arrival_count: u32,
    /// On how many when it was answered.
    pub departure_count: u32,
}

impl RequestRow {
    /// Whether it succeeded in time.
    #[must_use]
    pub fn deadline_met(&self) -> bool {
        self.result == ClientStatus::Success && self.latency <= self.deadline
    }

    /// Whether its model was on no GPU when it arrived, and on one later.
    #[must_use]
    pub fn is_cold_start(&self) -> bool {
        self.arrival_count == 0 && self.departure_count > 0
    }
}

/// A row of `clockwork_action_log.tsv`. What happened on a worker is on the
/// controller's clock. What is complete, received or sent, from
/// `expected_exec_complete` to `controller_action_duration`, is counted from the sending
/// of the action; what did not happen is 0, and so is the completion of an eviction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActionRow {
    /// When the controller got the result.
    pub t: Nanos,
    /// The controller's number for it.
    pub action_id: u64,
    /// What it was.
    pub kind: ActionKind,
    /// How it went.
    pub status: ActionStatus,
    /// The worker.
    pub worker_id: u32,
    /// The GPU, counted within the worker.
    pub gpu_id: u32,
    /// The model.
    pub model: ModelId,
    /// How long it was expected to take.
    pub expected_exec_duration: Nanos,
    /// How long it took the device.
    pub worker_exec_duration: Nanos,
    /// When it was expected to be complete.
    pub expected_exec_complete: Nanos,
    /// When it was.
    pub worker_exec_complete: Nanos,
    /// The clock with which the duration was estimated, in MHz.
    pub expected_gpu_clock_mhz: u32,
    /// The GPU's before, in MHz.
    pub worker_gpu_clock_before_mhz: u32,
    /// The GPU's after, in MHz.
    pub worker_gpu_clock_mhz: u32,
    /// When the outputs were copied.
    pub worker_copy_output_complete: Nanos,
    /// When the worker got the action.
    pub worker_action_received: Nanos,
    /// When the worker sent the result.
    pub worker_result_sent: Nanos,
    /// When the controller got the result.
    pub controller_result_enqueue: Nanos,
    /// When the controller had acted on it.
    pub controller_action_duration: Nanos,
    /// The device's time, times the share of the batch that met its deadline.
    pub goodput: Nanos,
    /// Requests of the model that still waited.
    pub requests_queued: u32,
    /// On how many GPUs the model was loaded.
    pub copies_loaded: u32,
}

impl ActionRow {
    /// Its number in the log.
    #[must_use]
    pub fn action_type(&self) -> u32 {
        match self.kind {
            ActionKind::Load => 1,
            ActionKind::Infer { .. } => 2,
            ActionKind::Evict => 3,
        }
    }

    /// Inputs in its batch; 1 for what has none.
    #[must_use]
    pub fn batch_size(&self) -> u32 {
        match self.kind {
            ActionKind::Infer { batch_size } => batch_size,
            ActionKind::Load | ActionKind::Evict => 1,
        }
    }
}

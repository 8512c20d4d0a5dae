//! Actions that were sent and not answered, and the row that each leaves.

use super::{Cluster, queue::Waiting};
use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, Timing},
    telemetry::ActionRow,
    time::Nanos,
};

/// An action that was sent and not answered.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) action: Action,
    pub(super) sent: Nanos,
    pub(super) expected_complete: Nanos,
    /// The clock with which its duration was estimated.
    pub(super) expected_clock_mhz: u32,
    /// Requests that it carries; none for what carries none.
    pub(super) batch: Vec<Waiting>,
    /// Which of the model's batches that is.
    pub(super) batch_index: usize,
    /// The model's requests that waited when it was sent, without those it carries.
    pub(super) n_queued: u32,
    /// On how many GPUs the model was loaded when it was sent.
    pub(super) n_loaded: u32,
}

impl InFlight {
    /// What the log says of it, now that its result is here.
    pub(super) fn row(&self, now: Nanos, result: &ActionResult, cluster: &Cluster) -> ActionRow {
        let Self { action, sent, .. } = self;
        let since_sent = |at: Nanos| at.saturating_sub(*sent);
        let timing = timing_of(result);
        let completes = action.kind != ActionKind::Evict;
        let per_worker = cluster.gpus_per_worker;
        ActionRow {
            t: now,
            action_id: action.id,
            kind: action.kind,
            status: result.status,
            worker_id: action.gpu.0 / per_worker,
            gpu_id: action.gpu.0 % per_worker,
            model: action.model,
            expected_exec_duration: action.expected_duration,
            worker_exec_duration: timing.map_or(0, |timing| timing.duration),
            expected_exec_complete: since_sent(self.expected_complete),
            worker_exec_complete: timing
                .filter(|_| completes)
                .map_or(0, |timing| since_sent(timing.end)),
            expected_gpu_clock_mhz: self.expected_clock_mhz,
            worker_gpu_clock_before_mhz: timing.map_or(0, |timing| timing.clock_before_mhz),
            worker_gpu_clock_mhz: timing.map_or(0, |timing| timing.clock_after_mhz),
            worker_copy_output_complete: timing
                .map_or(0, |timing| since_sent(timing.copy_output_end)),
            worker_action_received: since_sent(result.received),
            worker_result_sent: since_sent(result.sent),
            controller_result_enqueue: since_sent(now),
            controller_action_duration: since_sent(now),
            goodput: self.goodput(now, timing),
            requests_queued: self.n_queued,
            copies_loaded: self.n_loaded,
        }
    }

    /// The device's time, times the share of the batch that was answered in time.
    fn goodput(&self, now: Nanos, timing: Option<Timing>) -> Nanos {
        let duration = timing.map_or(0, |timing| timing.duration);
        if self.batch.is_empty() {
            return duration;
        }
        let n_good = self.batch.iter().filter(|waiting| now <= waiting.response_deadline).count();
        (duration as u128 * n_good as u128 / self.batch.len() as u128) as Nanos
    }
}

/// When an action was carried out; nothing if it failed, whatever else is said.
pub(super) fn timing_of(result: &ActionResult) -> Option<Timing> {
    result.timing.filter(|_| result.status == ActionStatus::Success)
}

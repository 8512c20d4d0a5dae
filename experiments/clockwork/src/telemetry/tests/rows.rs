//! Rows of which tests change what they are about.

use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    telemetry::{ActionRow, RequestRow},
    time::{MILLISECOND, Nanos},
};

/// A request of a model that was on a GPU, answered in 2 ms.
pub(super) fn request(t: Nanos) -> RequestRow {
    RequestRow {
        t,
        request_id: 0,
        result: ClientStatus::Success,
        user_id: 0,
        model: ModelId(0),
        slo_factor: 0.0,
        latency: 2 * MILLISECOND,
        deadline: 100 * MILLISECOND,
        arrival_count: 1,
        departure_count: 1,
    }
}

/// An action that succeeded and took exactly as long as was expected.
pub(super) fn action(t: Nanos, kind: ActionKind) -> ActionRow {
    ActionRow {
        t,
        action_id: 0,
        kind,
        status: ActionStatus::Success,
        worker_id: 0,
        gpu_id: 0,
        model: ModelId(0),
        expected_exec_duration: 3 * MILLISECOND,
        worker_exec_duration: 3 * MILLISECOND,
        expected_exec_complete: 4 * MILLISECOND,
        worker_exec_complete: 4 * MILLISECOND,
        expected_gpu_clock_mhz: 1380,
        worker_gpu_clock_before_mhz: 1380,
        worker_gpu_clock_mhz: 1380,
        worker_copy_output_complete: 0,
        worker_action_received: 0,
        worker_result_sent: 0,
        controller_result_enqueue: 0,
        controller_action_duration: 0,
        goodput: 0,
        requests_queued: 0,
        copies_loaded: 1,
    }
}

//! From the wire's messages to those that schedulers and GPUs know, and back.

use super::{
    ActionFailed, BatchTime, ClockSync, Evict, Evicted, Inference, InferenceDone, LoadWeights,
    ModelReady, Times, WeightsLoaded, WorkerOrder, WorkerReply,
};
use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, GpuId, ModelId, Timing},
    models::Variety,
    scheduler::ServedModel,
    time::Nanos,
};

impl WorkerOrder {
    /// An action for the GPU of this number within its worker.
    #[must_use]
    pub fn of_action(action: &Action, gpu_id: u32) -> Self {
        let Action { id, earliest, latest, expected_duration, .. } = *action;
        let model_id = action.model.0;
        match action.kind {
            ActionKind::Load => {
                LoadWeights { id, model_id, gpu_id, earliest, latest, expected_duration }.into()
            }
            ActionKind::Infer { batch_size } => {
                Inference { id, model_id, gpu_id, earliest, latest, expected_duration, batch_size }
                    .into()
            }
            ActionKind::Evict => Evict { id, model_id, gpu_id }.into(),
        }
    }

    /// The action, on the worker's clock and with the worker's number of the GPU;
    /// nothing for orders that no GPU carries out.
    #[must_use]
    pub fn action(&self, sync: &ClockSync) -> Option<Action> {
        let (id, model_id, gpu_id, kind) = match self {
            Self::LoadWeights(load) => (load.id, load.model_id, load.gpu_id, ActionKind::Load),
            Self::Inference(infer) => {
                let kind = ActionKind::Infer { batch_size: infer.batch_size };
                (infer.id, infer.model_id, infer.gpu_id, kind)
            }
            Self::Evict(evict) => (evict.id, evict.model_id, evict.gpu_id, ActionKind::Evict),
            Self::LoadFromDisk(_) | Self::ClearCache(_) | Self::GetState(_) => return None,
        };
        let (earliest, latest, expected_duration) = match self {
            Self::LoadWeights(load) => (load.earliest, load.latest, load.expected_duration),
            Self::Inference(infer) => (infer.earliest, infer.latest, infer.expected_duration),
            _ => (0, Nanos::MAX, 0),
        };
        Some(Action {
            id,
            gpu: GpuId(gpu_id),
            model: ModelId(model_id),
            kind,
            earliest: sync.to_ours(earliest),
            latest: sync.to_ours(latest),
            expected_duration,
        })
    }
}

impl WorkerReply {
    /// What became of an action of this kind, on the worker's clock.
    #[must_use]
    pub fn of_result(kind: ActionKind, result: &ActionResult) -> Self {
        let ActionResult { id, status, received, sent, .. } = *result;
        let Some(timing) = result.timing.filter(|_| status == ActionStatus::Success) else {
            let message = format!("{status:?}");
            return ActionFailed { id, status: status.code(), message, received, sent }.into();
        };
        let times = Times {
            received,
            sent,
            begin: timing.begin,
            end: timing.end,
            duration: timing.duration,
            copy_output_end: timing.copy_output_end,
            clock_before_mhz: timing.clock_before_mhz,
            clock_after_mhz: timing.clock_after_mhz,
        };
        match kind {
            ActionKind::Load => WeightsLoaded { id, times }.into(),
            ActionKind::Infer { .. } => InferenceDone { id, times }.into(),
            ActionKind::Evict => Evicted { id, times }.into(),
        }
    }

    /// What became of an action on this GPU, on the controller's clock; nothing for
    /// replies to other orders.
    #[must_use]
    pub fn result(&self, gpu: GpuId, sync: &ClockSync) -> Option<ActionResult> {
        let (id, times) = match self {
            Self::WeightsLoaded(reply) => (reply.id, &reply.times),
            Self::InferenceDone(reply) => (reply.id, &reply.times),
            Self::Evicted(reply) => (reply.id, &reply.times),
            Self::ActionFailed(failed) => {
                return Some(ActionResult {
                    id: failed.id,
                    gpu,
                    status: ActionStatus::from_code(failed.status),
                    timing: None,
                    received: sync.to_ours(failed.received),
                    sent: sync.to_ours(failed.sent),
                });
            }
            Self::ModelReady(_) | Self::State(_) => return None,
        };
        let timing = Timing {
            begin: sync.to_ours(times.begin),
            end: sync.to_ours(times.end),
            duration: times.duration,
            copy_output_end: sync.to_ours(times.copy_output_end),
            clock_before_mhz: times.clock_before_mhz,
            clock_after_mhz: times.clock_after_mhz,
        };
        Some(ActionResult {
            id,
            gpu,
            status: ActionStatus::Success,
            timing: Some(timing),
            received: sync.to_ours(times.received),
            sent: sync.to_ours(times.sent),
        })
    }
}

impl ModelReady {
    /// What a worker says of a variety.
    #[must_use]
    pub fn of(id: u64, variety: &Variety, page_bytes: u64) -> Self {
        let time = |(batch_size, duration): &(u32, Nanos)| BatchTime {
            batch_size: *batch_size,
            duration: *duration,
        };
        Self {
            id,
            input_bytes: variety.input_bytes,
            output_bytes: variety.output_bytes,
            n_pages: variety.n_pages(page_bytes),
            load: variety.load,
            exec: variety.exec.iter().map(time).collect(),
        }
    }

    /// What the scheduler must know of it.
    #[must_use]
    pub fn served(&self) -> ServedModel {
        let exec = self.exec.iter().map(|time| (time.batch_size, time.duration));
        ServedModel { n_pages: self.n_pages, load: self.load, exec: exec.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Head;

    /// A clock that is 1,000 ns ahead of the peer's.
    fn ahead() -> ClockSync {
        let mut sync = ClockSync::default();
        let head = |sent, least_delta| Head { code: 6, id: 0, sent, least_delta };
        sync.received(51_000, &head(49_900, Some(-900)));
        assert_eq!(sync.ahead(), Some(1_000));
        sync
    }

    fn action(kind: ActionKind) -> Action {
        let (earliest, latest, expected_duration) = match kind {
            ActionKind::Evict => (0, Nanos::MAX, 0),
            _ => (5_000, 9_000, 70),
        };
        let (gpu, model) = (GpuId(1), ModelId(2));
        Action { id: 3, gpu, model, kind, earliest, latest, expected_duration }
    }

    const KINDS: [ActionKind; 3] =
        [ActionKind::Load, ActionKind::Infer { batch_size: 4 }, ActionKind::Evict];

    #[test]
    fn an_action_arrives_on_the_workers_clock() {
        for kind in KINDS {
            let sent = action(kind);
            let received = WorkerOrder::of_action(&sent, 1).action(&ahead()).unwrap();
            let expected = match kind {
                ActionKind::Evict => sent,
                _ => Action { earliest: 6_000, latest: 10_000, ..sent },
            };
            assert_eq!(received, expected);
        }
    }

    #[test]
    fn a_result_comes_back_on_the_controllers_clock() {
        let timing = Timing {
            begin: 20_000,
            end: 21_000,
            duration: 990,
            copy_output_end: 22_000,
            clock_before_mhz: 1_380,
            clock_after_mhz: 1_380,
        };
        for kind in KINDS {
            let sent = ActionResult {
                id: 3,
                gpu: GpuId(1),
                status: ActionStatus::Success,
                timing: Some(timing),
                received: 19_000,
                sent: 23_000,
            };
            let result = WorkerReply::of_result(kind, &sent).result(GpuId(1), &ahead()).unwrap();
            let later = Timing { begin: 21_000, end: 22_000, copy_output_end: 23_000, ..timing };
            let expected =
                ActionResult { timing: Some(later), received: 20_000, sent: 24_000, ..sent };
            assert_eq!(result, expected);
            let failed = ActionResult { status: ActionStatus::ExecTooLate, ..sent };
            let result = WorkerReply::of_result(kind, &failed).result(GpuId(1), &ahead()).unwrap();
            assert_eq!((result.status, result.timing), (ActionStatus::ExecTooLate, None));
        }
    }
}

//! From the wire's messages to those that schedulers and GPUs know, and back.

use super::{
    ActionFailed, BatchTime, ClockSync, Evict, Evicted, Inference, InferenceDone, LoadWeights,
    ModelReady, Times, WeightsLoaded, WorkerOrder, WorkerReply,
};
use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, GpuId, ModelId, Timing},
    models::Variety,
    scheduler::ServedModel,
    time::{MINUTE, Nanos},
};

/// What takes longer is not believed: times are added up and multiplied.
const LONGEST: Nanos = 60 * MINUTE;

/// No faster clock is believed either: durations are multiplied with it.
const FASTEST_MHZ: u32 = 100_000;

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

    /// What became of an action on this GPU, on the controller's clock, when it is heard
    /// at `now`; nothing for replies to other orders.
    #[must_use]
    pub fn result(&self, now: Nanos, gpu: GpuId, sync: &ClockSync) -> Option<ActionResult> {
        let (id, times) = match self {
            Self::WeightsLoaded(reply) => (reply.id, &reply.times),
            Self::InferenceDone(reply) => (reply.id, &reply.times),
            Self::Evicted(reply) => (reply.id, &reply.times),
            Self::ActionFailed(failed) => {
                return Some(ActionResult {
                    id: failed.id,
                    gpu,
                    status: failure(failed.status),
                    timing: None,
                    received: sync.to_ours(failed.received).min(now),
                    sent: sync.to_ours(failed.sent).min(now),
                });
            }
            Self::ModelReady(_) | Self::State(_) => return None,
        };
        // It came, so all of it is over.
        let past = |theirs| sync.to_ours(theirs).min(now);
        let timing = Timing {
            begin: past(times.begin),
            end: past(times.end),
            duration: times.duration.min(LONGEST),
            copy_output_end: past(times.copy_output_end),
            clock_before_mhz: times.clock_before_mhz.min(FASTEST_MHZ),
            clock_after_mhz: times.clock_after_mhz.min(FASTEST_MHZ),
        };
        Some(ActionResult {
            id,
            gpu,
            status: ActionStatus::Success,
            timing: Some(timing),
            received: past(times.received),
            sent: past(times.sent),
        })
    }
}

/// The status of what failed: it cannot be success.
fn failure(code: u32) -> ActionStatus {
    match ActionStatus::from_code(code) {
        ActionStatus::Success => ActionStatus::Other(2),
        status => status,
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
    ///
    /// # Errors
    /// If its times make no sense.
    pub fn served(&self) -> Result<ServedModel, String> {
        let exec: Vec<_> = self.exec.iter().map(|time| (time.batch_size, time.duration)).collect();
        if exec.first().is_none_or(|(batch_size, _)| *batch_size != 1)
            || !exec.is_sorted_by(|(one, _), (next, _)| one < next)
        {
            return Err("its batch sizes do not ascend from 1".to_owned());
        }
        let mut times = exec.iter().map(|(_, duration)| *duration).chain([self.load]);
        if times.any(|duration| duration > LONGEST) {
            return Err("it takes longer than an hour".to_owned());
        }
        Ok(ServedModel { n_pages: self.n_pages, load: self.load, exec })
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

    const NOW: Nanos = 30_000;

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
    fn what_a_worker_says_of_the_future_is_not_believed() {
        let (begin, end, duration) = (u64::MAX, u64::MAX, u64::MAX);
        let (clock_before_mhz, clock_after_mhz) = (u32::MAX, u32::MAX);
        let times = Times {
            begin,
            end,
            duration,
            received: u64::MAX,
            clock_before_mhz,
            clock_after_mhz,
            ..Times::default()
        };
        let reply = WorkerReply::from(WeightsLoaded { id: 3, times });
        let result = reply.result(NOW, GpuId(1), &ahead()).unwrap();
        let timing = result.timing.unwrap();
        assert_eq!((timing.begin, timing.end, timing.duration), (NOW, NOW, LONGEST));
        let clocks = (timing.clock_before_mhz, timing.clock_after_mhz);
        assert_eq!(clocks, (FASTEST_MHZ, FASTEST_MHZ));
        let failed = WorkerReply::from(ActionFailed { id: 3, ..ActionFailed::default() });
        let result = failed.result(NOW, GpuId(1), &ahead()).unwrap();
        assert_ne!(result.status, ActionStatus::Success);
        let ready = |exec: &[(u32, Nanos)]| {
            let time = |(batch_size, duration): &(u32, Nanos)| BatchTime {
                batch_size: *batch_size,
                duration: *duration,
            };
            ModelReady { exec: exec.iter().map(time).collect(), ..ModelReady::default() }.served()
        };
        assert!(ready(&[(1, 5), (2, 7)]).is_ok());
        for wrong in [&[][..], &[(2, 5)], &[(1, 5), (1, 7)], &[(1, 61 * MINUTE)]] {
            assert!(ready(wrong).is_err(), "{wrong:?}");
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
            let result =
                WorkerReply::of_result(kind, &sent).result(NOW, GpuId(1), &ahead()).unwrap();
            let later = Timing { begin: 21_000, end: 22_000, copy_output_end: 23_000, ..timing };
            let expected =
                ActionResult { timing: Some(later), received: 20_000, sent: 24_000, ..sent };
            assert_eq!(result, expected);
            let failed = ActionResult { status: ActionStatus::ExecTooLate, ..sent };
            let result =
                WorkerReply::of_result(kind, &failed).result(NOW, GpuId(1), &ahead()).unwrap();
            assert_eq!((result.status, result.timing), (ActionStatus::ExecTooLate, None));
        }
    }
}

//! A GPU of a worker: four executors and a cache of weights, driven by time.

use std::sync::Arc;

use super::{
    cache::WeightsCache,
    device::{Batch, Completion, Device, Progress, Stage},
    executor::Executor,
    task::{Task, Tasks},
};
use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, ModelId, Timing},
    models::{Deployment, Variety},
    time::{MILLISECOND, Nanos},
};

/// Inputs may be copied this long before their execution may begin (`action.cpp`
/// of the original).
const COPY_INPUT_LEAD: Nanos = 5 * MILLISECOND;

/// How much memory a GPU has for weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    /// The size of a page.
    pub page_bytes: u64,
    /// How many pages there are.
    pub n_pages: u32,
}

impl CacheSize {
    /// What the original's configuration leaves for weights of 32 GB:
    /// 23,085,449,216 bytes in pages of 16 MiB.
    pub const V100_32GB: Self = Self { page_bytes: 16 << 20, n_pages: 1376 };
}

/// A GPU. It does nothing by itself: tell it what to do with [`Gpu::act`], call
/// [`Gpu::wake`] when [`Gpu::next_wake`] has come, and hand on what its device
/// reports to [`Gpu::completed`].
///
/// A step begins when it is woken for it and ends when the device says; whoever
/// wakes late makes it late, as a slow worker would be. At one and the same time,
/// what ends comes before what begins, and weights before executions.
#[derive(Debug)]
pub struct Gpu<D> {
    device: D,
    deployment: Arc<Deployment>,
    page_bytes: u64,
    cache: WeightsCache,
    tasks: Tasks,
    executors: [Executor; STAGES.len()],
    /// The latest time that it was told.
    now: Nanos,
}

/// Each has an executor of its own.
const STAGES: [Stage; 4] = [Stage::Weights, Stage::Inputs, Stage::Exec, Stage::Outputs];

impl<D: Device> Gpu<D> {
    /// A GPU without weights, of a worker that has every model in its memory.
    #[must_use]
    pub fn new(device: D, deployment: Arc<Deployment>, size: CacheSize) -> Self {
        let cache = WeightsCache::new(size.n_pages, deployment.len());
        let executors = STAGES.map(|_| Executor::default());
        let page_bytes = size.page_bytes;
        Self { device, deployment, page_bytes, cache, tasks: Tasks::default(), executors, now: 0 }
    }

    /// Accepts an order. It is answered exactly once, by a later [`Gpu::wake`] or
    /// [`Gpu::completed`].
    pub fn act(&mut self, now: Nanos, action: Action) {
        self.now = self.now.max(now);
        let slot = self.tasks.insert(Task::new(action, now));
        match action.kind {
            ActionKind::Load | ActionKind::Evict => {
                self.executor(Stage::Weights).push(action.earliest, slot);
            }
            ActionKind::Infer { .. } => {
                let earliest = action.earliest.saturating_sub(COPY_INPUT_LEAD);
                self.executor(Stage::Inputs).push(earliest, slot);
            }
        }
    }

    /// When it is to be woken next, at the earliest at once; nothing if there is
    /// nothing to do before its device reports something.
    #[must_use]
    pub fn next_wake(&self) -> Option<Nanos> {
        let next = self.executors.iter().filter_map(Executor::next_wake).min();
        next.map(|next| next.max(self.now))
    }

    /// Ends and begins what is due, and appends the answers.
    pub fn wake(&mut self, now: Nanos, results: &mut Vec<ActionResult>) {
        self.now = self.now.max(now);
        // A step that takes no time ends at once, and may let another begin.
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            for stage in STAGES {
                goes_on |= self.end_one(stage, now, results);
            }
            for stage in STAGES {
                goes_on |= self.begin_one(stage, now, results);
            }
        }
    }

    /// Ends what its device had running on a stage, begins what is due thereupon,
    /// and appends the answers.
    ///
    /// # Panics
    /// If the device has nothing running there: it reports once what it has begun.
    pub fn completed(
        &mut self,
        now: Nanos,
        completion: Completion,
        results: &mut Vec<ActionResult>,
    ) {
        let Completion { stage, duration, outcome } = completion;
        let slot = self.executor(stage).take_completed();
        let slot = slot.unwrap_or_else(|| panic!("the device has nothing running on {stage:?}"));
        self.now = self.now.max(now);
        if matches!(stage, Stage::Weights | Stage::Exec) {
            let task = self.tasks.get(slot);
            (task.end, task.duration) = (now, duration);
        }
        self.end(stage, slot, outcome, now, results);
        self.wake(now, results);
    }

    /// Forgets all weights at once, those that are being copied or used included.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
        self.deployment.models().for_each(|model| self.device.evict(model));
    }

    /// Its device, to give inputs to and take outputs from.
    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// Pages that hold no weights.
    #[must_use]
    pub fn n_free_pages(&self) -> u32 {
        self.cache.n_free_pages()
    }

    /// Whether a model could be executed now.
    #[must_use]
    pub fn has_weights(&self, model: ModelId) -> bool {
        self.cache.usable(model).is_some()
    }

    /// Orders that it has not answered yet.
    #[must_use]
    pub fn n_unanswered(&self) -> usize {
        self.tasks.len()
    }

    fn executor(&mut self, stage: Stage) -> &mut Executor {
        &mut self.executors[stage as usize]
    }

    fn begin_one(&mut self, stage: Stage, now: Nanos, results: &mut Vec<ActionResult>) -> bool {
        let Some(slot) = self.executor(stage).take_ready(now) else { return false };
        match self.begin(stage, slot, now) {
            Ok(Progress::Takes(duration)) => self.executor(stage).run(slot, Some(now + duration)),
            Ok(Progress::Running) => self.executor(stage).run(slot, None),
            Err(status) => self.fail(slot, status, now, results),
        }
        true
    }

    /// Begins a stage of a task, and says how far it is.
    fn begin(&mut self, stage: Stage, slot: u32, now: Nanos) -> Result<Progress, ActionStatus> {
        let task = self.tasks.get(slot);
        let Action { model, kind, latest, .. } = task.action;
        if now > latest && stage != Stage::Outputs {
            return Err(too_late(stage, kind));
        }
        let variety = self.deployment.get(model).ok_or(ActionStatus::UnknownModel)?;
        let (device, cache) = (&mut self.device, &mut self.cache);
        let (progress, version) = match (stage, kind) {
            (Stage::Inputs, _) => return Ok(device.copy_input(&batch(&task.action, variety)?)),
            (Stage::Outputs, _) => return Ok(device.copy_output(&batch(&task.action, variety)?)),
            (Stage::Exec, _) => {
                let version = cache.usable(model).ok_or(ActionStatus::ExecWeightsMissing)?;
                (device.execute(&batch(&task.action, variety)?), version)
            }
            (Stage::Weights, ActionKind::Evict) => {
                device.evict(model);
                let had_weights = cache.evict(model);
                had_weights
                    .then_some((Progress::Takes(0), 0))
                    .ok_or(ActionStatus::EvictNotLoaded)?
            }
            (Stage::Weights, _) => {
                device.evict(model);
                let version = cache.begin_load(model, variety.n_pages(self.page_bytes));
                let version = version.ok_or(ActionStatus::LoadInsufficientCache)?;
                (device.load(model, variety), version)
            }
        };
        if let Progress::Takes(duration) = progress {
            (task.end, task.duration) = (now + duration, duration);
        }
        task.begin = now;
        task.version = version;
        task.clock_before_mhz = device.clock_mhz();
        Ok(progress)
    }

    fn end_one(&mut self, stage: Stage, now: Nanos, results: &mut Vec<ActionResult>) -> bool {
        let Some(slot) = self.executor(stage).take_ended(now) else { return false };
        self.end(stage, slot, Ok(()), now, results);
        true
    }

    /// Ends a stage of a task, and lets the next one wait for its turn.
    fn end(
        &mut self,
        stage: Stage,
        slot: u32,
        outcome: Result<(), ActionStatus>,
        now: Nanos,
        results: &mut Vec<ActionResult>,
    ) {
        let task = self.tasks.get(slot);
        let Action { model, kind, earliest, .. } = task.action;
        if matches!(stage, Stage::Weights | Stage::Exec) {
            task.clock_after_mhz = self.device.clock_mhz();
        }
        let outcome = match (stage, kind) {
            (Stage::Weights, ActionKind::Load) => {
                let outcome = self.cache.end_load(model, task.version, outcome);
                outcome.inspect_err(|_| self.device.evict(model))
            }
            (Stage::Exec, _) if self.cache.usable(model) != Some(task.version) => {
                Err(ActionStatus::ExecConcurrentModification)
            }
            _ => outcome,
        };
        match (outcome, stage) {
            (Err(status), _) => self.fail(slot, status, now, results),
            (Ok(()), Stage::Weights) => self.succeed(slot, None, now, results),
            (Ok(()), Stage::Inputs) => self.executor(Stage::Exec).push(earliest, slot),
            (Ok(()), Stage::Exec) => self.executor(Stage::Outputs).push(now, slot),
            (Ok(()), Stage::Outputs) => self.succeed(slot, Some(now), now, results),
        }
    }

    fn succeed(
        &mut self,
        slot: u32,
        copy_output_end: Option<Nanos>,
        now: Nanos,
        results: &mut Vec<ActionResult>,
    ) {
        let task = self.tasks.get(slot);
        let timing = Timing {
            begin: task.begin,
            end: task.end,
            duration: task.duration,
            copy_output_end: copy_output_end.unwrap_or(task.end),
            clock_before_mhz: task.clock_before_mhz,
            clock_after_mhz: task.clock_after_mhz,
        };
        self.answer(slot, ActionStatus::Success, Some(timing), now, results);
    }

    fn fail(
        &mut self,
        slot: u32,
        status: ActionStatus,
        now: Nanos,
        results: &mut Vec<ActionResult>,
    ) {
        self.device.forget(self.tasks.get(slot).action.id);
        self.answer(slot, status, None, now, results);
    }

    fn answer(
        &mut self,
        slot: u32,
        status: ActionStatus,
        timing: Option<Timing>,
        now: Nanos,
        results: &mut Vec<ActionResult>,
    ) {
        let Task { action, received, .. } = self.tasks.remove(slot);
        let Action { id, gpu, .. } = action;
        results.push(ActionResult { id, gpu, status, timing, received, sent: now });
    }
}

/// What is executed for an action.
fn batch<'a>(action: &Action, variety: &'a Variety) -> Result<Batch<'a>, ActionStatus> {
    let n_inputs = match action.kind {
        ActionKind::Infer { batch_size } => batch_size,
        ActionKind::Load | ActionKind::Evict => 0,
    };
    let batch_size = variety.padded(n_inputs).ok_or(ActionStatus::CopyInputInvalidBatchSize)?;
    Ok(Batch { action_id: action.id, model: action.model, variety, n_inputs, batch_size })
}

/// What is said of a stage that could not begin in its window. Outputs are copied
/// whenever they are ready.
fn too_late(stage: Stage, kind: ActionKind) -> ActionStatus {
    match (stage, kind) {
        (Stage::Weights, ActionKind::Evict) => ActionStatus::EvictTooLate,
        (Stage::Weights, _) => ActionStatus::LoadTooLate,
        (Stage::Inputs, _) => ActionStatus::CopyInputTooLate,
        (Stage::Exec | Stage::Outputs, _) => ActionStatus::ExecTooLate,
    }
}

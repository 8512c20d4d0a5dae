//! A GPU of a worker: four executors and a cache of weights, driven by time.

use std::sync::Arc;

use super::{
    cache::WeightsCache,
    device::Device,
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

/// A GPU. It does nothing by itself: tell it what to do with [`Gpu::act`], and
/// call [`Gpu::wake`] when [`Gpu::next_wake`] has come.
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

/// What has an executor of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Weights,
    Inputs,
    Exec,
    Outputs,
}

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

    /// Accepts an order. It is answered exactly once, by a later [`Gpu::wake`].
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
    /// nothing to do.
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

    /// Forgets all weights at once, those that are being copied or used included.
    pub fn clear_cache(&mut self) {
        self.cache.clear();
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
            Ok(duration) => self.executor(stage).run(slot, now + duration),
            Err(status) => self.fail(slot, status, now, results),
        }
        true
    }

    /// Begins a stage of a task, and says how long it will take.
    fn begin(&mut self, stage: Stage, slot: u32, now: Nanos) -> Result<Nanos, ActionStatus> {
        let task = self.tasks.get(slot);
        let Action { model, kind, latest, .. } = task.action;
        if now > latest && stage != Stage::Outputs {
            return Err(too_late(stage, kind));
        }
        let variety = self.deployment.get(model).ok_or(ActionStatus::UnknownModel)?;
        let (device, cache) = (&mut self.device, &mut self.cache);
        let (duration, version) = match (stage, kind) {
            (Stage::Inputs, _) => return Ok(device.copy_input(variety, padded(variety, kind)?)),
            (Stage::Outputs, _) => return Ok(device.copy_output(variety, padded(variety, kind)?)),
            (Stage::Exec, _) => {
                let version = cache.usable(model).ok_or(ActionStatus::ExecWeightsMissing)?;
                (device.execute(variety, padded(variety, kind)?), version)
            }
            (Stage::Weights, ActionKind::Evict) => {
                cache.evict(model).then_some((0, 0)).ok_or(ActionStatus::EvictNotLoaded)?
            }
            (Stage::Weights, _) => {
                let version = cache.begin_load(model, variety.n_pages(self.page_bytes));
                let version = version.ok_or(ActionStatus::LoadInsufficientCache)?;
                (device.load(variety), version)
            }
        };
        task.begin = now;
        task.duration = duration;
        task.version = version;
        task.clock_before_mhz = device.clock_mhz();
        Ok(duration)
    }

    fn end_one(&mut self, stage: Stage, now: Nanos, results: &mut Vec<ActionResult>) -> bool {
        let Some(slot) = self.executor(stage).take_ended(now) else { return false };
        let task = self.tasks.get(slot);
        let Action { model, kind, earliest, .. } = task.action;
        if matches!(stage, Stage::Weights | Stage::Exec) {
            task.clock_after_mhz = self.device.clock_mhz();
        }
        match (stage, kind) {
            (Stage::Weights, ActionKind::Load) if !self.cache.end_load(model, task.version) => {
                self.fail(slot, ActionStatus::LoadConcurrentModification, now, results);
            }
            (Stage::Weights, _) => self.succeed(slot, None, now, results),
            (Stage::Inputs, _) => self.executor(Stage::Exec).push(earliest, slot),
            (Stage::Exec, _) if self.cache.usable(model) != Some(task.version) => {
                self.fail(slot, ActionStatus::ExecConcurrentModification, now, results);
            }
            (Stage::Exec, _) => self.executor(Stage::Outputs).push(now, slot),
            (Stage::Outputs, _) => self.succeed(slot, Some(now), now, results),
        }
        true
    }

    fn succeed(
        &mut self,
        slot: u32,
        copy_output_end: Option<Nanos>,
        now: Nanos,
        results: &mut Vec<ActionResult>,
    ) {
        let task = self.tasks.get(slot);
        let end = task.begin + task.duration;
        let timing = Timing {
            begin: task.begin,
            end,
            duration: task.duration,
            copy_output_end: copy_output_end.unwrap_or(end),
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

/// The batch size at which an action is executed.
fn padded(variety: &Variety, kind: ActionKind) -> Result<u32, ActionStatus> {
    match kind {
        ActionKind::Infer { batch_size } => variety.padded(batch_size),
        ActionKind::Load | ActionKind::Evict => None,
    }
    .ok_or(ActionStatus::CopyInputInvalidBatchSize)
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

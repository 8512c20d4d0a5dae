//! What any policy keeps: the models with their queues, the GPUs with what they
//! hold, and the actions in flight. It decides nothing.

use anyhow::ensure;

use super::{
    Cluster, Effect, ServedModel, Settings,
    answer::answer,
    cache::Cache,
    in_flight::{InFlight, timing_of},
    model::Model,
    queue::Waiting,
};
use crate::{
    message::{Action, ActionKind, ActionResult, ClientStatus, GpuId, ModelId, Timing},
    time::Nanos,
};

/// All models and all GPUs.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) cluster: Cluster,
    pub(super) models: Vec<Model>,
    pub(super) gpus: Vec<Gpu>,
    n_actions: u64,
    /// Memory of batches that are complete.
    spare_batches: Vec<Vec<Waiting>>,
}

/// A GPU: what it holds, and what it was told to do.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) cache: Cache,
    pub(super) in_flight: Vec<InFlight>,
    /// The clock that it reported last.
    pub(super) clock_mhz: u32,
    /// Whether it is gone for good.
    pub(super) is_lost: bool,
}

/// What the controller expects of an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) duration: Nanos,
    pub(super) complete: Nanos,
}

/// What became of an action.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) action: Action,
    /// When it was carried out; nothing if it failed.
    pub(super) timing: Option<Timing>,
    pub(super) sent: Nanos,
    /// Requests that it carried and that are answered now.
    pub(super) batch: Vec<Waiting>,
}

/// A batch that is to be executed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Infer {
    pub(super) id: u64,
    pub(super) gpu: GpuId,
    pub(super) model: ModelId,
    /// How many requests.
    pub(super) size: u32,
    /// Which of the model's batches they make.
    pub(super) batch_index: usize,
    pub(super) latest: Nanos,
}

impl Fleet {
    /// An idle, empty cluster.
    ///
    /// # Errors
    /// If there is no GPU, or a model does not fit on one or has no duration at
    /// batch size 1.
    pub(super) fn new(
        settings: &Settings,
        cluster: Cluster,
        served: &[ServedModel],
    ) -> anyhow::Result<Self> {
        let pages = cluster.pages_per_gpu;
        ensure!(cluster.n_gpus() > 0, "the cluster has no GPU");
        for (model, ServedModel { n_pages, exec, .. }) in served.iter().enumerate() {
            ensure!(
                *n_pages <= pages,
                "model {model} has {n_pages} pages of weights, but a GPU holds {pages}"
            );
            ensure!(
                exec.first().is_some_and(|(batch_size, _)| *batch_size == 1),
                "model {model} has no duration at batch size 1"
            );
        }
        let gpu = |_| Gpu {
            cache: Cache::new(pages, served.len()),
            in_flight: Vec::new(),
            clock_mhz: settings.clock_mhz,
            is_lost: false,
        };
        Ok(Self {
            cluster,
            models: served.iter().map(|served| Model::new(served, settings)).collect(),
            gpus: (0..cluster.n_gpus()).map(gpu).collect(),
            n_actions: 0,
            spare_batches: Vec::new(),
        })
    }

    /// All GPUs, in order.
    pub(super) fn all_gpus(&self) -> impl Iterator<Item = GpuId> + use<> {
        (0..self.gpus.len() as u32).map(GpuId)
    }

    pub(super) fn next_action_id(&mut self) -> u64 {
        self.n_actions += 1;
        self.n_actions
    }

    /// How long a batch takes on a GPU at its present clock.
    pub(super) fn estimate(&self, gpu: GpuId, model: ModelId, batch_index: usize) -> Nanos {
        let clock_mhz = self.gpus[gpu.index()].clock_mhz;
        self.models[model.index()].estimate(batch_index, clock_mhz)
    }

    /// Sends the first waiting requests of a model to be executed, and returns them.
    pub(super) fn send_infer(
        &mut self,
        now: Nanos,
        infer: Infer,
        expected: Expected,
        effects: &mut Vec<Effect>,
    ) -> &[Waiting] {
        let Infer { id, gpu, model, size, batch_index, latest } = infer;
        let mut batch = self.spare_batches.pop().unwrap_or_default();
        let queue = &mut self.models[model.index()].queue;
        batch.extend((0..size).map_while(|_| queue.pop_front()));
        let cache = &mut self.gpus[gpu.index()].cache;
        cache.touch(model);
        cache.change_in_flight(model, 1);
        let kind = ActionKind::Infer { batch_size: size };
        let expected_duration = expected.duration;
        let action = Action { id, gpu, model, kind, earliest: now, latest, expected_duration };
        self.send(now, action, expected.complete, (batch, batch_index), effects);
        self.gpus[gpu.index()].in_flight.last().map_or(&[], |one| &one.batch)
    }

    /// Sends a LOAD; there must be room for the weights.
    pub(super) fn send_load(
        &mut self,
        now: Nanos,
        action: Action,
        expected_complete: Nanos,
        effects: &mut Vec<Effect>,
    ) {
        let n_pages = self.models[action.model.index()].n_pages;
        self.gpus[action.gpu.index()].cache.begin_load(action.model, n_pages);
        self.send(now, action, expected_complete, (Vec::new(), 0), effects);
    }

    /// Sends an EVICT; the pages are free at once, as far as decisions go.
    pub(super) fn send_evict(
        &mut self,
        now: Nanos,
        gpu: GpuId,
        model: ModelId,
        effects: &mut Vec<Effect>,
    ) {
        let (kind, latest, id) = (ActionKind::Evict, Nanos::MAX, self.next_action_id());
        let action = Action { id, gpu, model, kind, earliest: 0, latest, expected_duration: 0 };
        self.send(now, action, now, (Vec::new(), 0), effects);
        let served = &mut self.models[model.index()];
        served.n_loaded -= 1;
        self.gpus[gpu.index()].cache.release(model, served.n_pages);
    }

    fn send(
        &mut self,
        sent: Nanos,
        action: Action,
        expected_complete: Nanos,
        (batch, batch_index): (Vec<Waiting>, usize),
        effects: &mut Vec<Effect>,
    ) {
        let served = &self.models[action.model.index()];
        let gpu = &mut self.gpus[action.gpu.index()];
        gpu.in_flight.push(InFlight {
            action,
            sent,
            expected_complete,
            expected_clock_mhz: gpu.clock_mhz,
            batch,
            batch_index,
            n_queued: served.queue.len() as u32,
            n_loaded: served.n_loaded,
        });
        effects.push(Effect::Send(action));
    }

    /// The requests that an action carries which was not answered.
    pub(super) fn carried(&self, gpu: GpuId, action_id: u64) -> impl Iterator<Item = u64> {
        let in_flight = self.gpus.get(gpu.index()).map_or(&[][..], |gpu| &gpu.in_flight);
        let action = in_flight.iter().find(|one| one.action.id == action_id);
        action.map_or(&[][..], |one| &one.batch).iter().map(|waiting| waiting.request.id)
    }

    /// Notes what became of an action, answers the requests that it carried and
    /// logs it. Nothing for a result that nobody waits for.
    pub(super) fn finish(
        &mut self,
        now: Nanos,
        result: &ActionResult,
        effects: &mut Vec<Effect>,
    ) -> Option<Done> {
        let gpu = self.gpus.get_mut(result.gpu.index())?;
        let at = gpu.in_flight.iter().position(|one| one.action.id == result.id)?;
        let one = gpu.in_flight.swap_remove(at);
        let timing = timing_of(result);
        match one.action.kind {
            ActionKind::Load => self.note_load(&one.action, timing),
            ActionKind::Infer { .. } => self.note_infer(&one, timing),
            ActionKind::Evict => {}
        }
        self.conclude(now, &one, result, effects);
        let InFlight { action, sent, batch, .. } = one;
        Some(Done { action, timing, sent, batch })
    }

    /// Answers the requests that an action carried, and logs it.
    pub(super) fn conclude(
        &self,
        now: Nanos,
        one: &InFlight,
        result: &ActionResult,
        effects: &mut Vec<Effect>,
    ) {
        let status = timing_of(result).map_or(ClientStatus::Error, |_| ClientStatus::Success);
        let n_loaded = self.models[one.action.model.index()].n_loaded;
        effects.extend(one.batch.iter().map(|waiting| answer(now, waiting, status, n_loaded)));
        effects.push(Effect::Log(one.row(now, result, &self.cluster)));
    }

    /// Keeps the memory of a batch for another.
    pub(super) fn reuse(&mut self, mut batch: Vec<Waiting>) {
        if batch.capacity() > 0 {
            batch.clear();
            self.spare_batches.push(batch);
        }
    }

    fn note_load(&mut self, action: &Action, timing: Option<Timing>) {
        let served = &mut self.models[action.model.index()];
        let cache = &mut self.gpus[action.gpu.index()].cache;
        let Some(timing) = timing else { return cache.release(action.model, served.n_pages) };
        cache.finish_load(action.model);
        served.load.record(timing.duration);
        served.n_loaded += 1;
    }

    fn note_infer(&mut self, one: &InFlight, timing: Option<Timing>) {
        let model = one.action.model;
        let gpu = &mut self.gpus[one.action.gpu.index()];
        gpu.cache.change_in_flight(model, -1);
        gpu.cache.touch(model);
        let Some(timing) = timing else { return };
        // A device that does not know its clock says 0.
        if timing.clock_after_mhz > 0 {
            gpu.clock_mhz = timing.clock_after_mhz;
        }
        let clock_mhz = timing.clock_before_mhz.midpoint(gpu.clock_mhz).max(1);
        let window = &mut self.models[model.index()].batches[one.batch_index].window;
        window.record(timing.duration, clock_mhz);
    }
}

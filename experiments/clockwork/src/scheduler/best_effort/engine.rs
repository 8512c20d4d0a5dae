//! Requests that wait for their turn: the state, and what happens to it.

use std::collections::BTreeSet;

use super::limit::BatchLimit;
use crate::{
    message::{ActionKind, ActionResult, ClientStatus, GpuId, ModelId, Request},
    scheduler::{
        Cluster, Effect, Event, Scheduler, ServedModel, Settings,
        answer::{answer, refuse},
        fleet::{Done, Fleet},
        model::Model,
        queue::Waiting,
    },
    time::Nanos,
};

/// A model's turn: when its oldest request came. The earliest is the first.
pub(super) type Turn = (Nanos, ModelId);

/// A policy without promises. A model is on one GPU at most.
#[derive(Debug)]
pub(in crate::scheduler) struct BestEffort {
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) lines: Vec<Line>,
    /// Of models that wait and are nowhere. GPUs and models are dealt out to these
    /// pools in turn: each GPU loads the models of its own.
    pub(super) pools: Vec<BTreeSet<Turn>>,
    /// Each model's pool.
    pub(super) pool_of: Vec<usize>,
    /// Where each model is, or is being loaded.
    pub(super) homes: Vec<Option<GpuId>>,
    pub(super) limits: Vec<BatchLimit>,
}

/// What waits for a GPU, and what it does.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Of models that wait and are here.
    pub(super) ready: BTreeSet<Turn>,
    pub(super) is_executing: bool,
    pub(super) n_loads: usize,
}

impl BestEffort {
    /// Any GPU takes any model, in batches as large as they can be.
    ///
    /// # Errors
    /// As those of [`Fleet::new`].
    pub(in crate::scheduler) fn fifo(
        settings: Settings,
        cluster: Cluster,
        served: &[ServedModel],
    ) -> anyhow::Result<Self> {
        let limit = |model: &Model| BatchLimit::Fixed(model.max_batch());
        Self::new(settings, Fleet::new(&settings, cluster, served)?, 1, limit)
    }

    /// Each GPU has models of its own, in batches that adapt.
    ///
    /// # Errors
    /// As those of [`Fleet::new`].
    pub(in crate::scheduler) fn adaptive(
        settings: Settings,
        cluster: Cluster,
        served: &[ServedModel],
    ) -> anyhow::Result<Self> {
        let limit = |model: &Model| BatchLimit::adaptive(model.max_batch());
        Self::new(settings, Fleet::new(&settings, cluster, served)?, cluster.n_gpus(), limit)
    }

    fn new(
        settings: Settings,
        fleet: Fleet,
        n_pools: usize,
        limit: impl Fn(&Model) -> BatchLimit,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            lines: fleet.all_gpus().map(|_| Line::default()).collect(),
            pools: vec![BTreeSet::new(); n_pools],
            pool_of: (0..fleet.models.len()).map(|model| model % n_pools).collect(),
            homes: vec![None; fleet.models.len()],
            limits: fleet.models.iter().map(limit).collect(),
            settings,
            fleet,
        })
    }

    /// The model's turn, if any request of it waits.
    pub(super) fn turn(&self, model: ModelId) -> Option<Turn> {
        let (_, oldest) = self.fleet.models[model.index()].queue.front()?;
        Some((oldest.arrival, model))
    }

    pub(super) fn pool_of_gpu(&self, gpu: GpuId) -> usize {
        gpu.index() % self.pools.len()
    }

    fn admit(&mut self, now: Nanos, request: Request, effects: &mut Vec<Effect>) {
        let model = request.model;
        let Some(served) = self.fleet.models.get_mut(model.index()) else {
            return effects.push(refuse(now, &request));
        };
        let promised = now.saturating_add(served.slo(request.slo_factor, &self.settings));
        let waiting = Waiting {
            request,
            arrival: now,
            deadline: promised,
            response_deadline: promised,
            exec_demand: 0,
            load_demand: 0,
            arrival_count: served.n_loaded,
        };
        if !self.fleet.has_gpu() {
            return effects.push(answer(now, &waiting, ClientStatus::Error, 0));
        }
        let served = &mut self.fleet.models[model.index()];
        served.queue.push(waiting);
        if served.queue.len() == 1 {
            self.line_up(model);
        }
        match self.homes[model.index()] {
            Some(gpu) => self.execute(now, gpu, effects),
            None => self.load(now, self.pool_of[model.index()], effects),
        }
    }

    /// Gives a model its turn where it is, or among those that are nowhere; one that
    /// is being loaded has it when it is there.
    pub(super) fn line_up(&mut self, model: ModelId) {
        let Some(turn) = self.turn(model) else { return };
        match self.homes[model.index()] {
            Some(gpu) if self.fleet.gpus[gpu.index()].cache.is_loaded(model) => {
                self.lines[gpu.index()].ready.insert(turn);
            }
            Some(_) => {}
            None => {
                self.pools[self.pool_of[model.index()]].insert(turn);
            }
        }
    }

    fn finish(&mut self, now: Nanos, result: &ActionResult, effects: &mut Vec<Effect>) {
        let Some(done) = self.fleet.finish(now, result, effects) else { return };
        let gpu = done.action.gpu;
        match done.action.kind {
            ActionKind::Load => self.finish_load(now, &done, effects),
            ActionKind::Infer { batch_size } => self.finish_infer(now, &done, batch_size),
            ActionKind::Evict => {}
        }
        self.fleet.reuse(done.batch);
        self.execute(now, gpu, effects);
        self.load(now, self.pool_of_gpu(gpu), effects);
    }

    /// Lets the model have its turn. If its weights could not be loaded, those who
    /// wait for it are told so: as nothing is given up, it might be tried for ever.
    fn finish_load(&mut self, now: Nanos, done: &Done, effects: &mut Vec<Effect>) {
        let (gpu, model) = (done.action.gpu, done.action.model);
        self.lines[gpu.index()].n_loads -= 1;
        if done.timing.is_none() {
            self.homes[model.index()] = None;
            self.refuse_waiting(now, model, effects);
        }
        self.line_up(model);
    }

    /// Tells all who wait for a model that they will not be served.
    pub(super) fn refuse_waiting(&mut self, now: Nanos, model: ModelId, effects: &mut Vec<Effect>) {
        let served = &mut self.fleet.models[model.index()];
        while let Some(waiting) = served.queue.pop_front() {
            effects.push(answer(now, &waiting, ClientStatus::Error, served.n_loaded));
        }
    }

    fn finish_infer(&mut self, now: Nanos, done: &Done, batch_size: u32) {
        self.lines[done.action.gpu.index()].is_executing = false;
        if done.timing.is_none() {
            return;
        }
        let took = now.saturating_sub(done.sent);
        let may_take = |waiting: &Waiting| waiting.response_deadline - waiting.arrival;
        let was_fast_enough = done.batch.iter().all(|waiting| took <= may_take(waiting));
        self.limits[done.action.model.index()].note(batch_size, was_fast_enough);
    }
}

impl Scheduler for BestEffort {
    fn on(&mut self, now: Nanos, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Request(request) => self.admit(now, request, effects),
            Event::Result(result) => self.finish(now, &result, effects),
            Event::Lost(gpu) => self.lose(now, gpu, effects),
            Event::Wake => {}
        }
    }

    fn next_wake(&mut self) -> Option<Nanos> {
        None
    }

    fn carried(&self, gpu: GpuId, action_id: u64, request_ids: &mut Vec<u64>) {
        request_ids.extend(self.fleet.carried(gpu, action_id));
    }
}

#[cfg(test)]
impl BestEffort {
    /// What it keeps, and how much waits or is being done.
    pub(in crate::scheduler) fn inspect(&self) -> (&Fleet, usize) {
        let n_absent: usize = self.pools.iter().map(BTreeSet::len).sum();
        let busy = |line: &Line| line.ready.len() + line.n_loads + usize::from(line.is_executing);
        (&self.fleet, n_absent + self.lines.iter().map(busy).sum::<usize>())
    }
}

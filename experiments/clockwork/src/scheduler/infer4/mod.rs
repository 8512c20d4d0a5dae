//! INFER4, the paper's scheduler: requests go to the GPUs that hold their model in
//! the largest batches that meet their deadlines, and weights go where demand is
//! not met (§4 and appendix; `concurrent_infer_and_load_scheduler.cpp`).

mod admission;
mod agenda;
mod answers;
mod batching;
mod board;
mod executing;
mod gpu;
mod loading;
mod loss;
mod results;
mod strategy;
#[cfg(test)]
mod tests;
mod wakes;

use std::{cmp::Reverse, collections::BinaryHeap};

use self::{board::Board, gpu::Gpu, strategy::Strategy, wakes::Wakes};
use super::{
    Cluster, Effect, Event, Scheduler, ServedModel, Settings, demand::Demand, fleet::Fleet,
};
use crate::{
    message::{GpuId, ModelId},
    time::Nanos,
};

/// The scheduler's state.
#[derive(Debug)]
pub struct Infer4 {
    settings: Settings,
    fleet: Fleet,
    gpus: Vec<Gpu>,
    wakes: Wakes,
    /// Of each model.
    boards: Vec<Board>,
    demand: Demand,
    /// When requests give up, by their number in their model's queue.
    deadlines: BinaryHeap<Reverse<(Nanos, ModelId, u64)>>,
    /// Memory for the order in which GPUs are asked to load.
    load_order: Vec<(Nanos, Nanos, GpuId)>,
    /// Memory for strategies that are on no board.
    unposted: Vec<Strategy>,
}

impl Infer4 {
    /// A scheduler of an idle, empty cluster.
    ///
    /// # Errors
    /// If there is no GPU, or a model does not fit on one or has no duration at
    /// batch size 1.
    pub fn new(
        settings: Settings,
        cluster: Cluster,
        served: &[ServedModel],
    ) -> anyhow::Result<Self> {
        let fleet = Fleet::new(&settings, cluster, served)?;
        let models = (0..).map(ModelId).zip(&fleet.models);
        let (n_models, n_gpus) = (served.len(), fleet.gpus.len());
        let leaves_held = settings.original_mistakes;
        let boards = models.map(|(model, served)| Board::new(model, served.batches.len()));
        Ok(Self {
            gpus: fleet.all_gpus().map(|_| Gpu::new(&settings)).collect(),
            demand: Demand::new(settings.default_slo, n_models, n_gpus, leaves_held),
            wakes: Wakes::new(n_gpus),
            boards: boards.collect(),
            settings,
            fleet,
            deadlines: BinaryHeap::new(),
            load_order: Vec::new(),
            unposted: Vec::new(),
        })
    }
}

impl Scheduler for Infer4 {
    fn on(&mut self, now: Nanos, event: Event, effects: &mut Vec<Effect>) {
        self.demand.expire(now);
        match event {
            Event::Request(request) => self.admit(now, request, effects),
            Event::Result(result) => self.finish(now, &result, effects),
            Event::Lost(gpu) => self.lose(now, gpu, effects),
            Event::Wake => self.wake(now, effects),
        }
    }

    fn next_wake(&mut self) -> Option<Nanos> {
        [self.wakes.earliest(), self.next_deadline()].into_iter().flatten().min()
    }

    fn carried(&self, gpu: GpuId, action_id: u64, request_ids: &mut Vec<u64>) {
        request_ids.extend(self.fleet.carried(gpu, action_id));
    }
}

impl Infer4 {
    fn wake(&mut self, now: Nanos, effects: &mut Vec<Effect>) {
        self.give_up_overdue(now, effects);
        for gpu in self.fleet.all_gpus() {
            if self.wakes.is_due(gpu, now) {
                self.execute(now, gpu, effects);
                self.load(now, gpu, effects);
            }
        }
    }
}

#[cfg(test)]
impl Infer4 {
    /// What it keeps, and how much it expects of GPUs still.
    pub(super) fn inspect(&self) -> (&Fleet, &Demand, usize) {
        let outstanding = |gpu: &Gpu| gpu.exec.n_outstanding() + gpu.weights.n_outstanding();
        (&self.fleet, &self.demand, self.gpus.iter().map(outstanding).sum())
    }
}

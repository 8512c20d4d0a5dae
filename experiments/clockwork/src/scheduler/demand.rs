//! How much work waits for each model, and how much of it its GPUs can do in time:
//! from this follows which weights should be loaded next.
//!
//! Work is counted in nanoseconds of execution within the default objective, the
//! capacity of a GPU. A request wants its model executed until it is answered, and
//! wants its weights somewhere until it executes or its patience for a LOAD ends.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    message::{GpuId, ModelId},
    time::Nanos,
};

/// What an idle GPU counts as its work, so that shares are defined.
const IDLE_OUTSTANDING_NS: f64 = 1e6;
const IDLE_WEIGHT: f64 = 0.01;
const NOWHERE: usize = usize::MAX;

/// All models' demand and all GPUs' share of it.
#[derive(Debug)]
pub(super) struct Demand {
    capacity: f64,
    models: Vec<Model>,
    gpus: Vec<Gpu>,
    /// When demand for weights ends, of which model, and how much.
    expiries: BinaryHeap<Reverse<(Nanos, ModelId, Nanos)>>,
    /// Models whose weights are wanted.
    wanting: Vec<ModelId>,
    /// How many of them no GPU holds.
    n_homeless: usize,
    /// How many GPUs have more work than they can do in time.
    n_overloaded: usize,
}

#[derive(Debug)]
struct Model {
    exec: Nanos,
    // Demand for weights: all that ever came; what ended because its request was
    // executed or given up; and what ended because its time was over. Each
    // request ends in both ways, so the larger sum is what has ended.
    load_arrived: Nanos,
    load_served: Nanos,
    load_expired: Nanos,
    holders: Vec<Holder>,
    /// Where it is among those that want.
    place: usize,
}

#[derive(Debug)]
struct Holder {
    gpu: GpuId,
    share: f64,
}

#[derive(Debug)]
struct Gpu {
    outstanding: f64,
    weight: f64,
}

impl Model {
    fn load(&self) -> Nanos {
        self.load_arrived - self.load_served.max(self.load_expired)
    }
}

impl Demand {
    pub(super) fn new(capacity: Nanos, n_models: usize, n_gpus: usize) -> Self {
        let model = |_| Model {
            exec: 0,
            load_arrived: 0,
            load_served: 0,
            load_expired: 0,
            holders: Vec::new(),
            place: NOWHERE,
        };
        let gpu = |_| Gpu { outstanding: IDLE_OUTSTANDING_NS, weight: IDLE_WEIGHT };
        Self {
            capacity: capacity as f64,
            models: (0..n_models).map(model).collect(),
            gpus: (0..n_gpus).map(gpu).collect(),
            expiries: BinaryHeap::new(),
            wanting: Vec::new(),
            n_homeless: 0,
            n_overloaded: 0,
        }
    }

    /// Counts a request in, whose demand for weights ends at `load_ends`.
    pub(super) fn arrived(&mut self, model: ModelId, exec: Nanos, load: Nanos, load_ends: Nanos) {
        self.models[model.index()].exec += exec;
        self.want(model, load, load_ends);
        self.distribute(model);
    }

    /// Counts demand for weights in, which ends at `ends`.
    pub(super) fn want(&mut self, model: ModelId, load: Nanos, ends: Nanos) {
        self.models[model.index()].load_arrived += load;
        self.expiries.push(Reverse((ends, model, load)));
        self.notice(model);
    }

    /// A request of it is executed now.
    pub(super) fn started(&mut self, model: ModelId, load: Nanos) {
        self.models[model.index()].load_served += load;
        self.notice(model);
    }

    /// An executed request was answered.
    pub(super) fn completed(&mut self, model: ModelId, exec: Nanos) {
        self.models[model.index()].exec -= exec;
        self.distribute(model);
    }

    /// Forgets the demand for weights whose time is over.
    pub(super) fn expire(&mut self, now: Nanos) {
        while let Some(Reverse((ends, model, load))) = self.expiries.peek().copied()
            && ends <= now
        {
            self.expiries.pop();
            self.models[model.index()].load_expired += load;
            self.notice(model);
        }
    }

    /// The model is on this GPU, or soon will be.
    pub(super) fn hold(&mut self, model: ModelId, gpu: GpuId) {
        let state = &mut self.models[model.index()];
        let was_homeless = state.holders.is_empty() && state.place != NOWHERE;
        state.holders.push(Holder { gpu, share: 0.0 });
        self.n_homeless -= usize::from(was_homeless);
        self.distribute(model);
    }

    /// It is no more.
    pub(super) fn release(&mut self, model: ModelId, gpu: GpuId) {
        let state = &mut self.models[model.index()];
        let Some(at) = state.holders.iter().position(|holder| holder.gpu == gpu) else { return };
        let share = state.holders.swap_remove(at).share;
        self.n_homeless += usize::from(state.holders.is_empty() && state.place != NOWHERE);
        self.change_outstanding(gpu, -share);
        self.distribute(model);
    }

    /// Which GPUs hold it, or soon will.
    pub(super) fn holders(&self, model: ModelId) -> impl Iterator<Item = GpuId> {
        self.models[model.index()].holders.iter().map(|holder| holder.gpu)
    }

    /// One of them, if there are so many.
    pub(super) fn holder(&self, model: ModelId, at: usize) -> Option<GpuId> {
        self.models[model.index()].holders.get(at).map(|holder| holder.gpu)
    }

    /// Whether any request of it is unanswered, or wants its weights.
    pub(super) fn is_wanted(&self, model: ModelId) -> bool {
        self.models[model.index()].exec > 0 || self.wants_weights(model)
    }

    /// Whether its weights are wanted.
    pub(super) fn wants_weights(&self, model: ModelId) -> bool {
        self.models[model.index()].place != NOWHERE
    }

    /// The models whose weights are wanted.
    pub(super) fn wanting(&self) -> &[ModelId] {
        &self.wanting
    }

    /// Whether a wanted model is on no GPU.
    pub(super) fn has_homeless(&self) -> bool {
        self.n_homeless > 0
    }

    /// Whether a GPU has more work than it can do in time. Unless one has, what its
    /// holders can do meets each held model's demand.
    pub(super) fn has_overload(&self) -> bool {
        self.n_overloaded > 0
    }

    /// The work that a GPU has, in nanoseconds.
    pub(super) fn outstanding(&self, gpu: GpuId) -> f64 {
        self.gpus[gpu.index()].outstanding
    }

    /// How much a model's weights are wanted: its priority is no higher.
    pub(super) fn max_priority(&self, model: ModelId) -> f64 {
        self.models[model.index()].load() as f64
    }

    /// How much of the demand for a model's weights its GPUs cannot serve.
    pub(super) fn priority(&self, model: ModelId) -> f64 {
        let state = &self.models[model.index()];
        let load = self.max_priority(model);
        let total = self.total_weight(&state.holders);
        let served = state.holders.iter().map(|holder| {
            let gpu = &self.gpus[holder.gpu.index()];
            self.capacity * (load * gpu.weight / total) / gpu.outstanding
        });
        load - served.sum::<f64>()
    }

    /// Shares a model's work among the GPUs that hold it: the less one has to do,
    /// the more it gets.
    fn distribute(&mut self, model: ModelId) {
        let mut holders = std::mem::take(&mut self.models[model.index()].holders);
        let exec = self.models[model.index()].exec as f64;
        let total = self.total_weight(&holders);
        for holder in &mut holders {
            let share = exec * self.gpus[holder.gpu.index()].weight / total;
            let change = share - std::mem::replace(&mut holder.share, share);
            self.change_outstanding(holder.gpu, change);
        }
        self.models[model.index()].holders = holders;
    }

    fn total_weight(&self, holders: &[Holder]) -> f64 {
        holders.iter().map(|holder| self.gpus[holder.gpu.index()].weight).sum()
    }

    fn change_outstanding(&mut self, gpu: GpuId, change: f64) {
        let gpu = &mut self.gpus[gpu.index()];
        let was_overloaded = gpu.outstanding > self.capacity;
        gpu.outstanding = (gpu.outstanding + change).max(IDLE_OUTSTANDING_NS);
        gpu.weight = self.capacity / gpu.outstanding;
        let is_overloaded = gpu.outstanding > self.capacity;
        self.n_overloaded += usize::from(is_overloaded);
        self.n_overloaded -= usize::from(was_overloaded);
    }

    /// Checks that nothing is left of any request.
    #[cfg(test)]
    pub(super) fn assert_nothing(&self) {
        for model in &self.models {
            assert_eq!((model.exec, model.load(), model.place), (0, 0, NOWHERE));
        }
        for gpu in &self.gpus {
            // Sums of shares are rounded.
            assert!((gpu.outstanding - IDLE_OUTSTANDING_NS).abs() < 1.0, "{gpu:?}");
        }
        assert_eq!((self.wanting.len(), self.n_homeless, self.n_overloaded), (0, 0, 0));
        assert!(self.expiries.is_empty());
    }

    /// Keeps the list of those that want.
    fn notice(&mut self, model: ModelId) {
        let state = &mut self.models[model.index()];
        let is_homeless = usize::from(state.holders.is_empty());
        match (state.load() > 0, state.place != NOWHERE) {
            (true, false) => {
                state.place = self.wanting.len();
                self.wanting.push(model);
                self.n_homeless += is_homeless;
            }
            (false, true) => {
                let place = std::mem::replace(&mut state.place, NOWHERE);
                self.wanting.swap_remove(place);
                self.n_homeless -= is_homeless;
                if let Some(moved) = self.wanting.get(place) {
                    self.models[moved.index()].place = place;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: ModelId = ModelId(0);

    fn demand() -> Demand {
        Demand::new(100_000_000, 3, 2)
    }

    #[test]
    fn a_model_on_no_gpu_has_all_its_demand_as_priority() {
        let mut demand = demand();
        demand.arrived(M, 3_000, 12_000, 25);
        assert_eq!((demand.priority(M), demand.has_homeless()), (12_000.0, true));
    }

    #[test]
    fn an_idle_gpu_serves_more_than_is_asked() {
        let mut demand = demand();
        demand.arrived(M, 3_000_000, 12_000_000, 25);
        demand.hold(M, GpuId(0));
        // 1 ms that an idle GPU counts, and 3 ms of the request; 100 ms can be done.
        assert_eq!(demand.outstanding(GpuId(0)), 4e6);
        assert_eq!(demand.priority(M), 12e6 - 100.0 / 4.0 * 12e6);
        assert!(!demand.has_homeless() && !demand.has_overload());
    }

    #[test]
    fn an_overloaded_gpu_leaves_demand_open() {
        let mut demand = demand();
        demand.hold(M, GpuId(0));
        demand.arrived(M, 199_000_000, 12_000_000, 25);
        assert!(demand.has_overload());
        assert_eq!(demand.priority(M), 6e6);
        demand.completed(M, 199_000_000);
        assert!(!demand.has_overload());
    }

    #[test]
    fn work_is_shared_by_what_gpus_have_to_do_already() {
        let mut demand = demand();
        let busy = ModelId(1);
        demand.hold(busy, GpuId(0));
        demand.arrived(busy, 3_000_000, 1, 25);
        demand.hold(M, GpuId(0));
        demand.hold(M, GpuId(1));
        demand.arrived(M, 5_000_000, 1, 25);
        let before = [4e6, 1e6];
        let shares = [0, 1].map(|gpu| demand.outstanding(GpuId(gpu)) - before[gpu as usize]);
        assert!((shares[0] + shares[1] - 5e6).abs() < 1e-3, "{shares:?}");
        assert!(shares[1] > 3.0 * shares[0], "{shares:?}");
        demand.release(M, GpuId(1));
        assert!((demand.outstanding(GpuId(0)) - 9e6).abs() < 1e-3);
        assert!((demand.outstanding(GpuId(1)) - 1e6).abs() < 1e-3);
    }

    #[test]
    fn demand_for_weights_ends_once_by_time_or_by_execution() {
        let mut demand = demand();
        demand.arrived(M, 1, 10, 25);
        demand.arrived(M, 1, 10, 30);
        demand.started(M, 10);
        demand.expire(25);
        assert_eq!(demand.priority(M), 10.0);
        demand.expire(30);
        assert!(demand.wanting().is_empty() && !demand.has_homeless());
        demand.started(M, 10);
        assert_eq!(demand.priority(M), 0.0);
        assert!(demand.is_wanted(M));
        demand.completed(M, 2);
        assert!(!demand.is_wanted(M));
    }
}

//! How much work waits for each model, and how much of it its GPUs can do in time:
//! from this follows which weights should be loaded next.
//!
//! Work is counted in nanoseconds of execution within the default objective, the
//! capacity of a GPU. A request wants its model executed until it is answered, and
//! wants its weights somewhere until it executes or its patience for a LOAD ends.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::model_list::ModelList;
use crate::{
    message::{GpuId, ModelId},
    time::Nanos,
};

/// What an idle GPU counts as its work, so that shares are defined.
const IDLE_OUTSTANDING_NS: f64 = 1e6;
const IDLE_WEIGHT: f64 = 0.01;

/// All models' demand and all GPUs' share of it.
#[derive(Debug)]
pub(super) struct Demand {
    capacity: f64,
    models: Vec<Model>,
    gpus: Vec<Gpu>,
    /// When demand for weights ends, of which model, and how much.
    expiries: BinaryHeap<Reverse<(Nanos, ModelId, Nanos)>>,
    /// Models whose weights are wanted.
    wanting: ModelList,
    /// How many of them no GPU holds.
    n_homeless: usize,
    /// Models whose weights nobody wants in time any more, though requests wait.
    left: ModelList,
    /// Whether a model that a GPU holds can be left, too.
    leaves_held: bool,
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
    /// Requests that are neither executed nor given up.
    n_waiting: u32,
    holders: Vec<Holder>,
    /// It is among those that no GPU holds.
    is_homeless: bool,
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
    /// Of an idle, empty cluster, with the capacity of a GPU. With `leaves_held` models
    /// with requests are [`Demand::left`] also where a GPU holds them.
    pub(super) fn new(capacity: Nanos, n_models: usize, n_gpus: usize, leaves_held: bool) -> Self {
        let model = |_| Model {
            exec: 0,
            load_arrived: 0,
            load_served: 0,
            load_expired: 0,
            n_waiting: 0,
            holders: Vec::new(),
            is_homeless: false,
        };
        let gpu = |_| Gpu { outstanding: IDLE_OUTSTANDING_NS, weight: IDLE_WEIGHT };
        Self {
            capacity: capacity as f64,
            models: (0..n_models).map(model).collect(),
            gpus: (0..n_gpus).map(gpu).collect(),
            expiries: BinaryHeap::new(),
            wanting: ModelList::none_of(n_models),
            n_homeless: 0,
            left: ModelList::none_of(n_models),
            leaves_held,
            n_overloaded: 0,
        }
    }

    /// Counts a request in, whose demand for weights ends at `load_ends`.
    pub(super) fn arrived(&mut self, model: ModelId, exec: Nanos, load: Nanos, load_ends: Nanos) {
        let state = &mut self.models[model.index()];
        state.exec += exec;
        state.n_waiting += 1;
        state.load_arrived += load;
        self.expiries.push(Reverse((load_ends, model, load)));
        self.notice(model);
        self.distribute(model);
    }

    /// A request of it is executed now, or given up.
    pub(super) fn started(&mut self, model: ModelId, load: Nanos) {
        let state = &mut self.models[model.index()];
        state.load_served += load;
        state.n_waiting -= 1;
        self.notice(model);
    }

    /// An executed request was answered.
    pub(super) fn completed(&mut self, model: ModelId, exec: Nanos) {
        self.models[model.index()].exec -= exec;
        self.notice(model);
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
        self.models[model.index()].holders.push(Holder { gpu, share: 0.0 });
        self.notice(model);
        self.distribute(model);
    }

    /// It is no more.
    pub(super) fn release(&mut self, model: ModelId, gpu: GpuId) {
        let state = &mut self.models[model.index()];
        let Some(at) = state.holders.iter().position(|holder| holder.gpu == gpu) else { return };
        let share = state.holders.swap_remove(at).share;
        self.notice(model);
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
        self.models[model.index()].exec > 0 || self.wanting.contains(model)
    }

    /// The models whose weights are wanted.
    pub(super) fn wanting(&self) -> &[ModelId] {
        self.wanting.models()
    }

    /// The models that no GPU holds, unless it was asked for others too, and that nobody
    /// wants in time, while requests wait that have more time than that. Without them these
    /// would wait until their deadlines, though there may be nothing else to do.
    pub(super) fn left(&self) -> &[ModelId] {
        self.left.models()
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
            assert_eq!((model.exec, model.load(), model.n_waiting), (0, 0, 0));
        }
        for gpu in &self.gpus {
            // Sums of shares are rounded.
            assert!((gpu.outstanding - IDLE_OUTSTANDING_NS).abs() < 1.0, "{gpu:?}");
        }
        assert_eq!((self.wanting.models(), self.left.models()), (&[][..], &[][..]));
        assert_eq!((self.n_homeless, self.n_overloaded), (0, 0));
        assert!(self.expiries.is_empty());
    }

    /// Keeps the lists.
    fn notice(&mut self, model: ModelId) {
        let state = &mut self.models[model.index()];
        let (wants, is_held) = (state.load() > 0, !state.holders.is_empty());
        let was_homeless = std::mem::replace(&mut state.is_homeless, wants && !is_held);
        self.n_homeless += usize::from(state.is_homeless);
        self.n_homeless -= usize::from(was_homeless);
        let waits = if self.leaves_held { state.exec > 0 } else { !is_held && state.n_waiting > 0 };
        self.wanting.set(model, wants);
        self.left.set(model, waits && !wants);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: ModelId = ModelId(0);

    fn demand() -> Demand {
        Demand::new(100_000_000, 3, 2, false)
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
        assert_eq!(demand.left(), [M]);
        demand.started(M, 10);
        assert_eq!(demand.priority(M), 0.0);
        assert!(demand.is_wanted(M) && demand.left().is_empty());
        demand.completed(M, 2);
        assert!(!demand.is_wanted(M));
    }

    #[test]
    fn who_waits_longer_than_for_weights_is_left_until_a_gpu_has_them() {
        for leaves_held in [false, true] {
            let mut demand = Demand::new(100_000_000, 3, 2, leaves_held);
            demand.arrived(M, 3, 10, 25);
            assert!(demand.left().is_empty());
            demand.expire(25);
            assert_eq!((demand.left(), demand.wanting()), (&[M][..], &[][..]));
            demand.hold(M, GpuId(1));
            assert_eq!(demand.left().contains(&M), leaves_held);
            demand.release(M, GpuId(1));
            assert_eq!(demand.left(), [M]);
            demand.started(M, 10);
            demand.completed(M, 3);
            assert!(demand.left().is_empty());
        }
    }
}

//! Bringing weights to where demand for them is not met.

use std::cmp::Reverse;

use super::{Infer4, wakes::More};
use crate::{
    message::{Action, ActionKind, GpuId, ModelId},
    scheduler::Effect,
    time::Nanos,
};

impl Infer4 {
    /// Lets every GPU that can load something do so, the one that is free first
    /// before the others.
    pub(super) fn load_wherever(&mut self, now: Nanos, effects: &mut Vec<Effect>) {
        if !self.may_have_candidates() {
            return;
        }
        let mut order = std::mem::take(&mut self.load_order);
        order.extend(self.fleet.all_gpus().filter_map(|gpu| {
            let weights = &mut self.gpus[gpu.index()].weights;
            let may_load = weights.n_outstanding() < self.settings.max_loads
                && !self.fleet.gpus[gpu.index()].is_lost;
            let outstanding = self.demand.outstanding(gpu) as Nanos;
            may_load.then(|| (weights.available(now), outstanding, gpu))
        }));
        order.sort_unstable();
        for (_, _, gpu) in order.drain(..) {
            self.load(now, gpu, effects);
        }
        self.load_order = order;
    }

    /// Sends LOADs to a GPU until it has enough for the time ahead, or nothing
    /// should be loaded.
    pub(super) fn load(&mut self, now: Nanos, gpu: GpuId, effects: &mut Vec<Effect>) {
        self.wakes.clear(gpu, More::Loads);
        while self.may_have_candidates() {
            let weights = &mut self.gpus[gpu.index()].weights;
            if weights.n_outstanding() >= self.settings.max_loads {
                return;
            }
            let begins = weights.available(now);
            if begins >= now + self.settings.schedule_ahead {
                let wake = begins - self.settings.schedule_ahead + 1;
                self.wakes.set(gpu, More::Loads, wake);
                return;
            }
            let Some(model) = self.choose_model(now, gpu) else { return };
            if !self.make_room(now, gpu, model, effects) {
                return;
            }
            self.send_load(now, gpu, model, effects);
        }
    }

    fn may_have_candidates(&self) -> bool {
        let wants_anything = !self.demand.wanting().is_empty();
        self.demand.has_homeless()
            || !self.demand.left().is_empty()
            || (wants_anything && (self.demand.has_overload() || self.settings.original_mistakes))
    }

    /// The model whose demand is met least, of those that are not here.
    fn choose_model(&mut self, now: Nanos, gpu: GpuId) -> Option<ModelId> {
        if !self.demand.has_homeless() {
            // Only models that are elsewhere, or late already, could come here: to look
            // takes long, and not much changes meanwhile.
            let state = &mut self.gpus[gpu.index()];
            let next_scan = state.last_scan.map_or(now, |last| last + self.settings.load_throttle);
            if now < next_scan {
                self.wakes.set(gpu, More::Loads, next_scan);
                return None;
            }
            state.last_scan = Some(now);
        }
        let cache = &self.fleet.gpus[gpu.index()].cache;
        let recency = |model: ModelId| (cache.last_used(model), Reverse(model));
        let mut best: Option<(f64, ModelId)> = None;
        for model in self.candidates().filter(|model| !cache.holds(*model)) {
            // Priorities take long, and most cannot be the highest.
            if best.is_some_and(|(highest, _)| self.demand.max_priority(model) < highest) {
                continue;
            }
            let priority = self.demand.priority(model);
            let is_left = self.demand.max_priority(model) == 0.0;
            let is_open = priority > 0.0 || is_left || self.settings.original_mistakes;
            let is_best = best.is_none_or(|(highest, other)| {
                let by_priority = priority.total_cmp(&highest);
                by_priority.then_with(|| recency(model).cmp(&recency(other))).is_gt()
            });
            if is_open && is_best {
                best = Some((priority, model));
            }
        }
        best.map(|(_, model)| model)
    }

    /// Those that a GPU could load. Who is left comes last: while others are on no GPU,
    /// there is no need to look.
    fn candidates(&self) -> impl Iterator<Item = ModelId> {
        let is_enough = self.demand.has_homeless() && !self.settings.original_mistakes;
        let left = if is_enough { &[] } else { self.demand.left() };
        self.demand.wanting().iter().chain(left).copied()
    }

    /// Evicts until the model's weights fit; says whether they do.
    fn make_room(
        &mut self,
        now: Nanos,
        gpu: GpuId,
        model: ModelId,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let n_pages = self.fleet.models[model.index()].n_pages;
        while self.fleet.gpus[gpu.index()].cache.n_free_pages() < n_pages {
            let is_wanted = |held| Some(self.demand.is_wanted(held));
            let Some(victim) = self.fleet.gpus[gpu.index()].cache.victim(is_wanted) else {
                return false;
            };
            self.fleet.send_evict(now, gpu, victim, effects);
            self.demand.release(victim, gpu);
            let queue = &self.fleet.models[victim.index()].queue;
            let untried = self.boards[victim.index()].close(gpu, queue);
            self.gpus[gpu.index()].agenda.replace_board(victim, untried);
        }
        true
    }

    fn send_load(&mut self, now: Nanos, gpu: GpuId, model: ModelId, effects: &mut Vec<Effect>) {
        let expected_duration = self.fleet.models[model.index()].load.estimate();
        let id = self.fleet.next_action_id();
        let begins = self.gpus[gpu.index()].weights.add(now, id, expected_duration);
        self.demand.hold(model, gpu);
        let action = Action {
            id,
            gpu,
            model,
            kind: ActionKind::Load,
            earliest: now,
            latest: (now + self.settings.future).max(begins) + self.settings.schedule_ahead,
            expected_duration,
        };
        self.fleet.send_load(now, action, begins + expected_duration, effects);
    }
}

//! Weights go where there is time and room for them, in the order of turns.

use std::cmp::Reverse;

use super::engine::{BestEffort, Turn};
use crate::{
    message::{Action, ActionKind, GpuId},
    scheduler::Effect,
    time::Nanos,
};

impl BestEffort {
    /// Loads the models of a pool that wait and are nowhere, as far as its GPUs have
    /// time and room. None goes before its turn.
    pub(super) fn load(&mut self, now: Nanos, pool: usize, effects: &mut Vec<Effect>) {
        while let Some(turn) = self.pools[pool].first().copied()
            && let Some(gpu) = self.free_first(pool)
            && self.make_room(now, gpu, turn, effects)
        {
            self.pools[pool].remove(&turn);
            self.send_load(now, gpu, turn, effects);
        }
    }

    /// The GPU of a pool with the least to do; of those that are idle, the one with
    /// most room.
    fn free_first(&self, pool: usize) -> Option<GpuId> {
        let may_load = self
            .gpus_of(pool)
            .filter(|gpu| self.lines[gpu.index()].n_loads < self.settings.max_loads);
        may_load.min_by_key(|gpu| {
            let line = &self.lines[gpu.index()];
            let n_free_pages = self.fleet.gpus[gpu.index()].cache.n_free_pages();
            (line.n_loads, line.ready.len(), line.is_executing, Reverse(n_free_pages))
        })
    }

    /// The GPUs of a pool, without those that are lost.
    pub(super) fn gpus_of(&self, pool: usize) -> impl Iterator<Item = GpuId> {
        let gpus = self.fleet.all_gpus().skip(pool).step_by(self.pools.len());
        gpus.filter(|gpu| !self.fleet.gpus[gpu.index()].is_lost)
    }

    /// Evicts until the weights fit; says whether they do. Of those that may go, models
    /// for which nobody waits go first, and none whose turn comes before.
    fn make_room(&mut self, now: Nanos, gpu: GpuId, turn: Turn, effects: &mut Vec<Effect>) -> bool {
        let n_pages = self.fleet.models[turn.1.index()].n_pages;
        while self.fleet.gpus[gpu.index()].cache.n_free_pages() < n_pages {
            let victim = self.fleet.gpus[gpu.index()].cache.victim(|held| match self.turn(held) {
                None => Some(false),
                Some(other) => (other > turn).then_some(true),
            });
            let Some(victim) = victim else { return false };
            self.fleet.send_evict(now, gpu, victim, effects);
            self.homes[victim.index()] = None;
            if let Some(others) = self.turn(victim) {
                self.lines[gpu.index()].ready.remove(&others);
            }
            self.line_up(victim);
        }
        true
    }

    fn send_load(&mut self, now: Nanos, gpu: GpuId, (_, model): Turn, effects: &mut Vec<Effect>) {
        self.homes[model.index()] = Some(gpu);
        self.lines[gpu.index()].n_loads += 1;
        let expected_duration = self.fleet.models[model.index()].load.estimate();
        let id = self.fleet.next_action_id();
        let (kind, latest) = (ActionKind::Load, Nanos::MAX);
        let action = Action { id, gpu, model, kind, earliest: now, latest, expected_duration };
        // For the log alone.
        self.fleet.send_load(now, action, now + expected_duration, effects);
    }
}

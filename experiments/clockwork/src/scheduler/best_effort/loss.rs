//! A GPU is gone: what waits lines up elsewhere.

use super::engine::{BestEffort, Line};
use crate::{message::GpuId, scheduler::Effect, time::Nanos};

impl BestEffort {
    /// Lets the models that were on a GPU line up again, in a pool that others serve.
    /// If there are no others, all who wait are told that they will not be served.
    pub(super) fn lose(&mut self, now: Nanos, gpu: GpuId, effects: &mut Vec<Effect>) {
        let Some(loss) = self.fleet.lose(now, gpu, effects) else { return };
        self.lines[gpu.index()] = Line::default();
        let mut homeless = loss.models;
        homeless.iter().for_each(|model| self.homes[model.index()] = None);
        let pool = self.pool_of_gpu(gpu);
        if !self.is_served(pool) {
            homeless.extend(std::mem::take(&mut self.pools[pool]).iter().map(|(_, model)| model));
            self.deal_again(pool);
        }
        if !self.fleet.has_gpu() {
            return homeless.into_iter().for_each(|model| self.refuse_waiting(now, model, effects));
        }
        homeless.into_iter().for_each(|model| self.line_up(model));
        for pool in 0..self.pools.len() {
            self.load(now, pool, effects);
        }
    }

    /// Whether a pool has a GPU.
    fn is_served(&self, pool: usize) -> bool {
        self.gpus_of(pool).next().is_some()
    }

    /// Deals the models of a pool out to those that have GPUs, in turn.
    fn deal_again(&mut self, pool: usize) {
        let served: Vec<_> = (0..self.pools.len()).filter(|pool| self.is_served(*pool)).collect();
        let of_pool = self.pool_of.iter_mut().filter(|other| **other == pool);
        of_pool.zip(served.iter().cycle()).for_each(|(of, new)| *of = *new);
    }
}

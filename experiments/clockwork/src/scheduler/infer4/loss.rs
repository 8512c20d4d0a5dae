//! A GPU is gone: what waits is served elsewhere.

use super::{Infer4, gpu::Gpu, wakes::More};
use crate::{
    message::{GpuId, ModelId},
    scheduler::Effect,
    time::Nanos,
};

impl Infer4 {
    /// Forgets what was expected of a GPU, and loads its models elsewhere as far as
    /// anybody waits for them. If there is no other, who waits does so until the
    /// deadline.
    pub(super) fn lose(&mut self, now: Nanos, gpu: GpuId, effects: &mut Vec<Effect>) {
        let Some(loss) = self.fleet.lose(now, gpu, effects) else { return };
        self.gpus[gpu.index()] = Gpu::new(&self.settings);
        [More::Executions, More::Loads].into_iter().for_each(|more| self.wakes.clear(gpu, more));
        for waiting in &loss.batches {
            self.demand.completed(waiting.request.model, waiting.exec_demand);
        }
        for model in loss.models {
            self.demand.release(model, gpu);
            self.boards[model.index()].shut(gpu);
            self.want_again(now, model);
        }
        self.load_wherever(now, effects);
    }

    /// Counts in again those who wait for weights that they had, and for which they
    /// would not have waited as long.
    fn want_again(&mut self, now: Nanos, model: ModelId) {
        if self.demand.holders(model).next().is_some() || self.demand.wants_weights(model) {
            return;
        }
        let queue = &self.fleet.models[model.index()].queue;
        let load_demand = queue.iter().map(|(_, waiting)| waiting.load_demand).sum();
        let last_deadline = queue.iter().map(|(_, waiting)| waiting.response_deadline).max();
        if let Some(deadline) = last_deadline {
            let ends = now + self.load_slo(model, deadline.saturating_sub(now));
            self.demand.want(model, load_demand, ends);
        }
    }
}

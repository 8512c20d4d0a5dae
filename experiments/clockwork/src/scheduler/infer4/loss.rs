//! A GPU is gone: what waits is served elsewhere.

use super::{Infer4, gpu::Gpu, wakes::More};
use crate::{message::GpuId, scheduler::Effect, time::Nanos};

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
        }
        self.load_wherever(now, effects);
    }
}

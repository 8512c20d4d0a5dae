//! One batch after another, of the model whose turn it is.

use super::engine::BestEffort;
use crate::{
    message::GpuId,
    scheduler::{
        Effect,
        fleet::{Expected, Infer},
    },
    time::Nanos,
};

impl BestEffort {
    /// Sends an idle GPU what waits for the model whose turn it is, as far as a batch
    /// of it goes. The worker pads it to the next size that the model was compiled for.
    pub(super) fn execute(&mut self, now: Nanos, gpu: GpuId, effects: &mut Vec<Effect>) {
        let line = &mut self.lines[gpu.index()];
        if line.is_executing {
            return;
        }
        let Some((_, model)) = line.ready.pop_first() else { return };
        line.is_executing = true;
        let served = &self.fleet.models[model.index()];
        let size = self.limits[model.index()].size().min(served.queue.len() as u32);
        let batch_index = served.padded(size);
        let duration = self.fleet.estimate(gpu, model, batch_index);
        let id = self.fleet.next_action_id();
        let infer = Infer { id, gpu, model, size, batch_index, latest: Nanos::MAX };
        // For the log alone.
        let expected = Expected { duration, complete: now + duration };
        self.fleet.send_infer(now, infer, expected, effects);
        self.line_up(model);
    }
}

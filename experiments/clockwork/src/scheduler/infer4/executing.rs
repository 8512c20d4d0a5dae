//! Filling a GPU's near future with executions.

use super::{Infer4, strategy::Strategy, wakes::More};
use crate::{
    message::GpuId,
    scheduler::{
        Effect,
        fleet::{Expected, Infer},
    },
    time::Nanos,
};

impl Infer4 {
    /// Sends executions to a GPU until it has enough for the time ahead, or nothing
    /// is left to execute.
    pub(super) fn execute(&mut self, now: Nanos, gpu: GpuId, effects: &mut Vec<Effect>) {
        self.wakes.clear(gpu, More::Executions);
        while let Some(strategy) = self.first_strategy(now, gpu) {
            let exec_at = self.gpus[gpu.index()].exec.available(now);
            if exec_at >= now + self.settings.schedule_ahead {
                let wake = exec_at - self.settings.schedule_ahead + 1;
                self.wakes.set(gpu, More::Executions, wake);
                return;
            }
            self.gpus[gpu.index()].agenda.pass_first(gpu, &self.fleet, &mut self.boards);
            if let Some(batch) = self.choose_batch(now, (gpu, exec_at), &strategy, effects) {
                self.send_infer(now, gpu, &strategy, batch, effects);
                self.keep_if_waiting(gpu, strategy);
            }
        }
    }

    fn first_strategy(&mut self, now: Nanos, gpu: GpuId) -> Option<Strategy> {
        let Self { gpus, fleet, boards, .. } = self;
        gpus[gpu.index()].agenda.first(now, gpu, fleet, boards)
    }

    /// The batch was filled with older requests, and the strategy's own may have no
    /// other left. The original forgets it then.
    fn keep_if_waiting(&mut self, gpu: GpuId, strategy: Strategy) {
        let waits = self.fleet.models[strategy.model.index()].queue.get(strategy.request).is_some();
        if waits && !self.settings.original_mistakes {
            self.gpus[gpu.index()].agenda.push(strategy);
        }
    }

    /// Sends the first waiting requests of a model to be executed as one batch.
    fn send_infer(
        &mut self,
        now: Nanos,
        gpu: GpuId,
        strategy: &Strategy,
        batch_index: usize,
        effects: &mut Vec<Effect>,
    ) {
        let (model, settings) = (strategy.model, self.settings);
        let size = self.fleet.models[model.index()].batches[batch_index].size;
        let duration = self.fleet.estimate(gpu, model, batch_index);
        let id = self.fleet.next_action_id();
        let exec_at = self.gpus[gpu.index()].exec.add(now, id, duration);
        let latest = (now + settings.future).max(exec_at) + settings.schedule_ahead;
        let infer = Infer { id, gpu, model, size, batch_index, latest };
        let expected = Expected { duration, complete: exec_at + duration };
        for waiting in self.fleet.send_infer(now, infer, expected, effects) {
            self.demand.started(model, waiting.load_demand);
        }
    }
}

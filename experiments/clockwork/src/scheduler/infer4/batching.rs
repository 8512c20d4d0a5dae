//! Which requests a strategy executes, if it can be carried out at all.

use super::{Infer4, strategy::Strategy};
use crate::{
    message::{ClientStatus, GpuId, ModelId},
    scheduler::Effect,
    time::Nanos,
};

impl Infer4 {
    /// The batch with which a strategy would be carried out if it began on a GPU at
    /// `exec_at`: one of the model's batches, for which enough requests wait.
    /// Requests that are too late for it are answered.
    pub(super) fn choose_batch(
        &mut self,
        now: Nanos,
        (gpu, exec_at): (GpuId, Nanos),
        strategy: &Strategy,
        effects: &mut Vec<Effect>,
    ) -> Option<usize> {
        let Strategy { model, .. } = *strategy;
        if strategy.deadline < exec_at + self.fleet.estimate(gpu, strategy.model, strategy.batch) {
            return None;
        }
        self.give_up_before(
            now,
            model,
            ClientStatus::CouldNotStartInTime,
            effects,
            |_, deadline| deadline < exec_at,
        );
        let (first, deadline) = self.first_of_batch((gpu, exec_at), strategy)?;
        let served = &self.fleet.models[model.index()];
        // Some that came since may have left out of turn.
        let n_from = served.queue.n_from(first).min(served.queue.len() as u64);
        let candidate = served.largest_up_to(n_from).max(strategy.batch);
        let completion = exec_at + self.fleet.estimate(gpu, model, candidate);
        if deadline < completion {
            // The larger batch is a strategy of its own.
            return None;
        }
        self.give_up_before(now, model, ClientStatus::Skipped, effects, |number, deadline| {
            number < first && deadline < completion
        });
        let n_waiting = self.fleet.models[model.index()].queue.len() as u64;
        let size = self.fleet.models[model.index()].batches[candidate].size;
        (n_waiting >= u64::from(size)).then_some(candidate)
    }

    /// From which request on there are enough for the strategy's batch, and when
    /// they must be complete: from its own, or from an older one that can still be
    /// in time.
    fn first_of_batch(
        &self,
        (gpu, exec_at): (GpuId, Nanos),
        strategy: &Strategy,
    ) -> Option<(u64, Nanos)> {
        let served = &self.fleet.models[strategy.model.index()];
        let size = served.batches[strategy.batch].size as usize;
        let queue = &served.queue;
        if queue.len() < size {
            return None;
        }
        if queue.n_from(strategy.request) >= size as u64 {
            return Some((strategy.request, strategy.deadline));
        }
        let completion = exec_at + self.fleet.estimate(gpu, strategy.model, strategy.batch);
        let is_in_time = |deadline: Nanos| match self.settings.original_mistakes {
            false => deadline >= completion,
            true => deadline <= completion,
        };
        let from_last = queue.iter().rev().map(|(number, waiting)| (number, waiting.deadline));
        from_last.take_while(|(_, deadline)| is_in_time(*deadline)).nth(size - 1)
    }

    /// Answers the first requests of a model as long as they are to be given up.
    fn give_up_before(
        &mut self,
        now: Nanos,
        model: ModelId,
        status: ClientStatus,
        effects: &mut Vec<Effect>,
        is_late: impl Fn(u64, Nanos) -> bool,
    ) {
        while let Some((number, waiting)) = self.fleet.models[model.index()].queue.front()
            && is_late(number, waiting.deadline)
        {
            self.give_up_first(now, model, status, effects);
        }
    }
}

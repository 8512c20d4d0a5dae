//! Requests that will not be executed are answered.

use super::Infer4;
use crate::{
    message::{ClientStatus, ModelId},
    scheduler::{Effect, answer::answer, queue::Waiting},
    time::Nanos,
};

impl Infer4 {
    /// Takes the first of a model's waiting requests and tells it that it will not
    /// be executed.
    pub(super) fn give_up_first(
        &mut self,
        now: Nanos,
        model: ModelId,
        status: ClientStatus,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(waiting) = self.fleet.models[model.index()].queue.pop_front() {
            self.give_up(now, &waiting, status, effects);
        }
    }

    /// Answers the requests whose deadline is past.
    pub(super) fn give_up_overdue(&mut self, now: Nanos, effects: &mut Vec<Effect>) {
        while let Some(std::cmp::Reverse((deadline, model, number))) =
            self.deadlines.peek().copied()
            && deadline <= now
        {
            self.deadlines.pop();
            if let Some(waiting) = self.fleet.models[model.index()].queue.remove(number) {
                self.give_up(now, &waiting, ClientStatus::Timeout, effects);
            }
        }
    }

    /// The next deadline of a request that still waits.
    pub(super) fn next_deadline(&mut self) -> Option<Nanos> {
        loop {
            let std::cmp::Reverse((deadline, model, number)) = *self.deadlines.peek()?;
            if self.fleet.models[model.index()].queue.get(number).is_some() {
                return Some(deadline);
            }
            self.deadlines.pop();
        }
    }

    fn give_up(
        &mut self,
        now: Nanos,
        waiting: &Waiting,
        status: ClientStatus,
        effects: &mut Vec<Effect>,
    ) {
        let model = waiting.request.model;
        self.demand.started(model, waiting.load_demand);
        self.demand.completed(model, waiting.exec_demand);
        effects.push(answer(now, waiting, status, self.fleet.models[model.index()].n_loaded));
    }
}

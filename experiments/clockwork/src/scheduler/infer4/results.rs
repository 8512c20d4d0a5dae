//! A worker answers.

use super::{Infer4, strategy::Offer};
use crate::{
    message::{ActionKind, ActionResult},
    scheduler::{Effect, fleet::Done},
    time::Nanos,
};

impl Infer4 {
    /// Notes what became of an action, and fills the time that it leaves. A result
    /// that nobody waits for changes nothing.
    pub(super) fn finish(&mut self, now: Nanos, result: &ActionResult, effects: &mut Vec<Effect>) {
        let Some(done) = self.fleet.finish(now, result, effects) else { return };
        let gpu = done.action.gpu;
        match done.action.kind {
            ActionKind::Load => self.finish_load(now, &done),
            ActionKind::Infer { .. } => self.finish_infer(now, &done),
            ActionKind::Evict => {}
        }
        self.fleet.reuse(done.batch);
        self.execute(now, gpu, effects);
        self.load(now, gpu, effects);
    }

    fn finish_load(&mut self, now: Nanos, done: &Done) {
        let (gpu, model) = (done.action.gpu, done.action.model);
        let state = &mut self.gpus[gpu.index()];
        let Some(timing) = done.timing else {
            state.weights.failed(now, done.action.id);
            return self.demand.release(model, gpu);
        };
        state.weights.succeeded(done.action.id, timing.end);
        let served = &self.fleet.models[model.index()];
        let strategies = served.queue.iter().flat_map(|(request, waiting)| {
            let offer = Offer { model, request, deadline: waiting.deadline };
            offer.strategies(served, self.settings.clock_mhz)
        });
        state.agenda.push_run(strategies.collect());
        self.boards[model.index()].open(gpu, self.fleet.gpus.len());
    }

    fn finish_infer(&mut self, now: Nanos, done: &Done) {
        let exec = &mut self.gpus[done.action.gpu.index()].exec;
        match done.timing {
            Some(timing) => exec.succeeded(done.action.id, timing.end),
            None => exec.failed(now, done.action.id),
        }
        for waiting in &done.batch {
            self.demand.completed(done.action.model, waiting.exec_demand);
        }
    }
}

//! What becomes of a GPU's actions and weights when it is gone for good.

use super::{Effect, fleet::Fleet, in_flight::InFlight, queue::Waiting};
use crate::{
    message::{ActionKind, ActionResult, ActionStatus, GpuId, ModelId},
    time::Nanos,
};

/// What a GPU had when it was lost.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// Models that were loaded there, or being loaded.
    pub(super) models: Vec<ModelId>,
    /// Requests that were to be executed there. They are answered.
    pub(super) batches: Vec<Waiting>,
}

impl Fleet {
    /// Empties a GPU for good: its models are no longer there, and its actions have
    /// failed. Nothing if there is no such GPU, or no more.
    pub(super) fn lose(
        &mut self,
        now: Nanos,
        gpu: GpuId,
        effects: &mut Vec<Effect>,
    ) -> Option<Loss> {
        let state = self.gpus.get_mut(gpu.index()).filter(|gpu| !gpu.is_lost)?;
        state.is_lost = true;
        let mut in_flight = std::mem::take(&mut state.in_flight);
        in_flight.sort_unstable_by_key(|one| one.action.id);
        let models = self.forget_weights(gpu);
        for one in &in_flight {
            if matches!(one.action.kind, ActionKind::Infer { .. }) {
                self.gpus[gpu.index()].cache.change_in_flight(one.action.model, -1);
            }
            self.conclude(now, one, &lost(one), effects);
        }
        let batches = in_flight.into_iter().flat_map(|one| one.batch).collect();
        Some(Loss { models, batches })
    }

    /// Whether a GPU is left.
    pub(super) fn has_gpu(&self) -> bool {
        self.gpus.iter().any(|gpu| !gpu.is_lost)
    }

    fn forget_weights(&mut self, gpu: GpuId) -> Vec<ModelId> {
        let cache = &mut self.gpus[gpu.index()].cache;
        let mut held = cache.held().to_vec();
        held.sort_unstable();
        for model in &held {
            let served = &mut self.models[model.index()];
            served.n_loaded -= u32::from(cache.is_loaded(*model));
            cache.release(*model, served.n_pages);
        }
        held
    }
}

/// What a worker would have said that can say no more.
fn lost(one: &InFlight) -> ActionResult {
    let InFlight { action, sent, .. } = *one;
    let status = ActionStatus::WorkerLost;
    ActionResult { id: action.id, gpu: action.gpu, status, timing: None, received: sent, sent }
}

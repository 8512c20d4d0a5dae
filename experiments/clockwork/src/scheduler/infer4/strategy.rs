//! A way in which a request could be executed: in a batch of some size.

use crate::{message::ModelId, scheduler::model::Model, time::Nanos};

/// One request's batch of one size. The smallest comes first: the one that must
/// begin the earliest to be complete in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Strategy {
    /// When it must have begun.
    pub(super) begin_by: Nanos,
    /// When it must be complete.
    pub(super) deadline: Nanos,
    pub(super) model: ModelId,
    /// The request, by its number in the model's queue.
    pub(super) request: u64,
    /// Which of the model's batches.
    pub(super) batch: usize,
}

/// A request that may be executed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) model: ModelId,
    /// Its number in the model's queue.
    pub(super) request: u64,
    /// When it must be complete.
    pub(super) deadline: Nanos,
}

impl Offer {
    /// All ways to execute a request of this model, at a GPU's usual clock.
    pub(super) fn strategies(
        self,
        served: &Model,
        clock_mhz: u32,
    ) -> impl Iterator<Item = Strategy> {
        let Self { model, request, deadline } = self;
        (0..served.batches.len()).rev().map(move |batch| {
            let begin_by = deadline.saturating_sub(served.estimate(batch, clock_mhz));
            Strategy { begin_by, deadline, model, request, batch }
        })
    }
}

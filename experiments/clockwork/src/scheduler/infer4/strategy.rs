//! A way in which a request could be executed: in a batch of some size.

use std::{cmp::Reverse, collections::BinaryHeap};

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

/// Strategies, the most urgent first.
#[derive(Debug, Default)]
pub(super) struct Strategies(BinaryHeap<Reverse<Strategy>>);

impl Strategies {
    /// Adds all ways to execute a request of this model, at a GPU's usual clock.
    pub(super) fn offer(&mut self, offer: Offer, served: &Model, clock_mhz: u32) {
        let Offer { model, request, deadline } = offer;
        for batch in (0..served.batches.len()).rev() {
            let begin_by = deadline.saturating_sub(served.estimate(batch, clock_mhz));
            self.push(Strategy { begin_by, deadline, model, request, batch });
        }
    }

    pub(super) fn push(&mut self, strategy: Strategy) {
        self.0.push(Reverse(strategy));
    }

    pub(super) fn peek(&self) -> Option<&Strategy> {
        self.0.peek().map(|Reverse(strategy)| strategy)
    }

    pub(super) fn pop(&mut self) -> Option<Strategy> {
        self.0.pop().map(|Reverse(strategy)| strategy)
    }
}

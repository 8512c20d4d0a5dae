//! The chained calls of a worker's guests, and every other wait for a call's end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::shared::Shared;
use crate::{
    host::Chain,
    message::{Call, CallId, Function, Outcome},
};

/// How often a wait for another call looks whether the worker stops.
const WAIT_SLICE: Duration = Duration::from_secs(1);

/// The chained calls of this worker's guests.
pub(super) struct Chained(pub(super) Arc<Shared>);

impl Chain for Chained {
    fn start(&self, call: Call) -> anyhow::Result<CallId> {
        let id = self.0.results.new_id()?;
        self.0.place(Call { id, ..call })?;
        Ok(id)
    }

    fn wait(&self, caller: &Function, id: CallId) -> anyhow::Result<Outcome> {
        let errands = self.0.dispatcher.awaiting(caller.clone());
        let outcome = self.0.run(errands).and_then(|()| self.0.wait_for(id));
        self.0.dispatcher.resumed(caller.clone());
        outcome
    }
}

impl Shared {
    /// Waits for a call's end, for as long as a call waits for one that it chained.
    pub(super) fn wait_for(&self, id: CallId) -> anyhow::Result<Outcome> {
        let give_up_at = Instant::now() + self.settings.chained_timeout;
        loop {
            let left = give_up_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let patience = self.settings.chained_timeout;
                return Ok(Outcome::failed(format!("call {id} did not end in {patience:?}")));
            }
            if self.is_stopping() {
                return Ok(Outcome::failed("the worker stopped"));
            }
            // A zero would wait for ever.
            let slice = left.min(WAIT_SLICE).max(Duration::from_millis(1));
            if let Some(outcome) = self.results.wait(id, slice)? {
                return Ok(outcome);
            }
        }
    }
}

//! How many requests and actions there were, and how they went.

use serde::{Deserialize, Serialize};

use crate::{
    message::{ActionKind, ActionStatus, ClientStatus},
    telemetry::{ActionRow, RequestRow},
    time::MILLISECOND,
};

/// The default objective of the published runs.
const PUBLISHED_OBJECTIVE: u64 = 100 * MILLISECOND;

/// Counts over the whole window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Totals {
    /// Requests that were answered, in whatever way.
    pub requests: u64,
    /// Those that succeeded, in time or not.
    pub successes: u64,
    /// Those that succeeded within their own objective.
    pub within_objective: u64,
    /// Those that succeeded within 100 ms, whatever their objective.
    pub within_100_ms: u64,
    /// Those that succeeded and whose model was on no GPU when they arrived, and on
    /// one when they were answered.
    pub cold_starts: u64,
    /// Requests whose model was on no GPU when they arrived, however they ended.
    pub cold_requests: u64,
    /// Those of them that succeeded within their own objective.
    pub cold_within_objective: u64,
    /// How many requests ended with each status, at the index of its number.
    by_status: [u64; 9],
    /// Copies of weights, those that failed included.
    pub loads: Tried,
    /// Executions, those that failed included.
    pub infers: Tried,
    /// Evictions, those that failed included.
    pub evicts: Tried,
    /// Requests in the batches of executions that succeeded.
    pub executed: u64,
}

/// Actions of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tried {
    /// All of them.
    pub all: u64,
    /// Those that failed.
    pub failed: u64,
}

impl Totals {
    /// How many requests ended with a status.
    #[must_use]
    pub fn with_status(&self, status: ClientStatus) -> u64 {
        self.by_status[status.code() as usize]
    }

    /// All actions, of whatever kind, those that failed included.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.loads.all + self.infers.all + self.evicts.all
    }

    pub(super) fn request(&mut self, row: &RequestRow) {
        let is_success = row.result == ClientStatus::Success;
        let is_fast = row.latency <= PUBLISHED_OBJECTIVE;
        self.requests += 1;
        self.successes += u64::from(is_success);
        self.within_objective += u64::from(row.deadline_met());
        self.within_100_ms += u64::from(is_success && is_fast);
        self.cold_starts += u64::from(is_success && row.is_cold_start());
        let is_cold = row.arrival_count == 0;
        self.cold_requests += u64::from(is_cold);
        self.cold_within_objective += u64::from(is_cold && row.deadline_met());
        self.by_status[row.result.code() as usize] += 1;
    }

    pub(super) fn action(&mut self, row: &ActionRow) {
        let is_success = row.status == ActionStatus::Success;
        let tried = match row.kind {
            ActionKind::Load => &mut self.loads,
            ActionKind::Infer { .. } => &mut self.infers,
            ActionKind::Evict => &mut self.evicts,
        };
        tried.all += 1;
        tried.failed += u64::from(!is_success);
        if let ActionKind::Infer { batch_size } = row.kind
            && is_success
        {
            self.executed += u64::from(batch_size);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.successes += other.successes;
        self.within_objective += other.within_objective;
        self.within_100_ms += other.within_100_ms;
        self.cold_starts += other.cold_starts;
        self.cold_requests += other.cold_requests;
        self.cold_within_objective += other.cold_within_objective;
        self.executed += other.executed;
        for (count, more) in self.by_status.iter_mut().zip(other.by_status) {
            *count += more;
        }
        self.loads.add(other.loads);
        self.infers.add(other.infers);
        self.evicts.add(other.evicts);
    }
}

impl Tried {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.failed += other.failed;
    }
}

//! What a client sent, and what it was answered.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{
    message::ClientStatus,
    time::{Nanos, SECOND},
};

/// What a client saw of a run. Times count from when a request was due, not from when it
/// was sent: a client that is late is not kind to the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// Requests.
    pub n_requests: u64,
    /// Answers, by the number of their status.
    pub n_answers: BTreeMap<u32, u64>,
    /// Requests that were not answered in the end.
    #[serde(default)]
    pub n_unanswered: u64,
    /// How much later than due requests were sent.
    pub late_ns: Lateness,
    /// From when a request was due to its successful answer.
    pub latency_ns: Lateness,
}

/// Some quantiles of a length of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// The median.
    pub p50: Nanos,
    /// 99 % are not above.
    pub p99: Nanos,
    /// 99.9 % are not above.
    pub p999: Nanos,
    /// The longest.
    pub max: Nanos,
}

impl Sent {
    /// Answers of all kinds.
    #[must_use]
    pub fn n_answered(&self) -> u64 {
        self.n_answers.values().sum()
    }

    /// Answers of one kind.
    #[must_use]
    pub fn n_with(&self, status: ClientStatus) -> u64 {
        self.n_answers.get(&status.code()).copied().unwrap_or(0)
    }
}

/// What a client is counting.
pub(super) struct Counts {
    n_requests: u64,
    n_answers: BTreeMap<u32, u64>,
    late: Histogram<u64>,
    latency: Histogram<u64>,
}

impl Counts {
    pub(super) fn none() -> Self {
        let longest = 3_600 * SECOND;
        let histogram = || {
            Histogram::new_with_bounds(1, longest, 3).expect("an hour in three digits is not much")
        };
        Self { n_requests: 0, n_answers: BTreeMap::new(), late: histogram(), latency: histogram() }
    }

    pub(super) fn sent(&mut self, late: Nanos) {
        self.n_requests += 1;
        self.late.saturating_record(late);
    }

    pub(super) fn answered(&mut self, status: ClientStatus, latency: Nanos) {
        *self.n_answers.entry(status.code()).or_insert(0) += 1;
        if status == ClientStatus::Success {
            self.latency.saturating_record(latency);
        }
    }

    pub(super) fn report(self, n_unanswered: u64) -> Sent {
        let Self { n_requests, n_answers, late, latency } = self;
        let (late_ns, latency_ns) = (quantiles(&late), quantiles(&latency));
        Sent { n_requests, n_answers, n_unanswered, late_ns, latency_ns }
    }
}

fn quantiles(histogram: &Histogram<u64>) -> Lateness {
    let at = |quantile| histogram.value_at_quantile(quantile);
    Lateness { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: histogram.max() }
}
